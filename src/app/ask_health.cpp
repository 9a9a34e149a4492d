// Asking /readyz, and knocking at a broker.
// SPDX-License-Identifier: Apache-2.0
#include "app/ask_health.hpp"

#include <boost/asio/ip/tcp.hpp>
#include <charconv>
#include <chrono>
#include <cstdio>
#include <fstream>
#include <optional>
#include <sstream>
#include <stdexcept>
#include <string_view>

#include "app/state_dir.hpp"
#include "app/wiring.hpp"
#include "base/task.hpp"
#include "http/client.hpp"
#include "mqtt/client.hpp"
#include "mqtt/packets.hpp"

namespace croft::app {
namespace {

constexpr std::chrono::seconds kLimit{5};
constexpr int kConnack = 0x20;

int say(bool good, const std::string& words) {
  std::fprintf(good ? stdout : stderr, "%s\n", words.c_str());
  return good ? 0 : 1;
}

int ask_croft(const http::Client& client) {
  const auto answer = client.request(http::Method::get, "/readyz");
  if (!answer) return say(false, answer.error().message);
  return say(answer->status == 200, answer->body);
}

// Without credentials a broker refuses, politely: that it answers at all is what we want to know.
int knock(const HostPort& where) {
  std::string hello;
  mqtt::encode_connect(hello, {}, "", true);
  asio::ip::tcp::iostream stream;
  stream.expires_after(kLimit);
  stream.connect(where.host, std::to_string(where.port));
  stream << hello << std::flush;
  const bool answered = stream.get() == kConnack;
  return say(answered,
             answered ? "the broker answers"
                      : "no broker answers on " + where.host + ":" + std::to_string(where.port));
}

HostPort parse_http_url(std::string_view url) {
  url.remove_prefix(std::string_view("http://").size());
  while (url.ends_with('/')) url.remove_suffix(1);
  const auto colon = url.rfind(':');
  std::uint16_t port = 80;
  if (colon != std::string_view::npos) {
    const auto* end = url.data() + url.size();
    const auto [stop, error] = std::from_chars(url.data() + colon + 1, end, port);
    if (error != std::errc() || stop != end)
      throw std::runtime_error("the URL must be http://host:port");
  }
  return {std::string(url.substr(0, colon)), port};
}

// `croft broker` takes no lock and opens no socket; where it listens stands first in the
// configuration it wrote.
std::optional<HostPort> broker_on(const std::filesystem::path& state_dir) {
  std::error_code none;
  if (std::filesystem::exists(state_dir / "lock", none)) return std::nullopt;
  std::ifstream in(state_dir / "broker" / "mosquitto.conf");
  for (std::string line; std::getline(in, line);) {
    std::istringstream words(line);
    std::string word;
    HostPort where{"127.0.0.1", 0};
    if (words >> word >> where.port && word == "listener") {
      if (words >> word && word != "0.0.0.0") where.host = word;
      return where;
    }
  }
  return std::nullopt;
}

}  // namespace

int ask_health(const std::string& url, const std::filesystem::path& state_dir) {
  if (url.empty()) {
    if (const auto broker = broker_on(state_dir)) return knock(*broker);
    return ask_croft(http::Client::local(socket_in(state_dir)));
  }
  if (url.starts_with("mqtt://")) return knock(parse_mqtt_url(url));
  if (!url.starts_with("http://"))
    throw std::runtime_error("croft health asks http://host:port or mqtt://host:port");
  const auto where = parse_http_url(url);
  return ask_croft(http::Client::tcp(where.host, where.port));
}

}  // namespace croft::app

// Many browsers that watch: how many readings each sees, and how long after they were measured.
// SPDX-License-Identifier: Apache-2.0
#include <boost/asio/io_context.hpp>
#include <cstdio>
#include <exception>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "cpu.hpp"
#include "load/connection.hpp"
#include "load/load.hpp"
#include "load/percentiles.hpp"

namespace croft::load {
namespace {

constexpr std::string_view kUpgrade =
    "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";

struct Viewers {
  const Settings& settings;
  std::vector<std::string> devices;
  std::size_t watching = 0;
  std::uint64_t frames = 0;
  std::uint64_t readings = 0;
  std::uint64_t bytes = 0;
  std::uint64_t ended = 0;
  bool over = false;
  Percentiles latency;  // to a millisecond: the reading's own time has no more
};

// A text frame from a client, masked with zeros.
std::string frame_of(const std::string& text) {
  std::string frame{'\x81', static_cast<char>(0x80 | text.size())};
  return frame + std::string(4, '\0') + text;
}

void see(Viewers& shared, std::string_view text) {
  constexpr std::string_view kTime = R"("time":")";
  if (text.find(R"("type":"reading")") == std::string_view::npos) return;
  ++shared.readings;
  const auto at = text.find(kTime);
  if (at == std::string_view::npos) return;
  const auto time = parse_instant(text.substr(at + kTime.size(), 24));
  if (time) shared.latency.add((SystemClock().now() - *time).count() * 1000);
}

// The next frame's payload.
Task<std::string_view> frame(Connection& from) {
  const auto head = co_await from.take(2);
  std::size_t length = static_cast<unsigned char>(head[1]) & 0x7F;
  if (length >= 126) {
    const auto more = co_await from.take(length == 126 ? 2 : 8);
    length = 0;
    for (const char byte : more) length = length << 8 | static_cast<unsigned char>(byte);
  }
  co_return co_await from.take(length);
}

Task<void> watch(std::size_t number, Connection& from, Viewers& shared) {
  try {
    co_await from.open();
    co_await from.send(from.head_of("/ws", kUpgrade));
    const auto answer = co_await from.take_until("\r\n\r\n");
    if (answer.find(" 101 ") == std::string_view::npos) throw std::runtime_error("no upgrade");
    if (shared.settings.one_device) {
      const auto& device = shared.devices[number % shared.devices.size()];
      const auto subscribe = frame_of(R"({"type":"subscribe","devices":[")" + device + R"("]})");
      co_await from.send(subscribe);
    }
    ++shared.watching;
    for (;;) {
      const auto text = co_await frame(from);
      ++shared.frames;
      shared.bytes += text.size();
      see(shared, text);
    }
  } catch (const std::exception&) {
    if (!shared.over) ++shared.ended;
  }
}

void print(const Viewers& shared, const char* what, double took, double cpu) {
  const auto frames = static_cast<double>(shared.frames);
  std::printf(
      "%s {\"viewers\":%zu,\"watching\":%zu,\"ended\":%llu,\"seconds\":%.2f,\"frames\":%llu,"
      "\"readings\":%llu,\"frames_a_second\":%.0f,\"bytes\":%llu,\"cpu_us\":%.2f,"
      "\"latency_ms\":%s}\n",
      what, shared.settings.connections, shared.watching,
      static_cast<unsigned long long>(shared.ended), took,
      static_cast<unsigned long long>(shared.frames),
      static_cast<unsigned long long>(shared.readings), frames / took,
      static_cast<unsigned long long>(shared.bytes), cpu / std::max(1.0, frames) * 1e6,
      shared.latency.json().c_str());
  std::fflush(stdout);
}

}  // namespace

int viewers(const Settings& settings) {
  asio::io_context loop{1};
  Viewers shared{.settings = settings, .devices = {}, .latency = {}};
  std::ifstream in(settings.nodes);
  for (std::string device, secret; in >> device >> secret;) shared.devices.push_back(device);
  if (settings.one_device && shared.devices.empty()) throw std::runtime_error("no nodes");
  std::vector<std::unique_ptr<Connection>> connections;
  for (std::size_t i = 0; i < settings.connections; ++i) {
    connections.push_back(std::make_unique<Connection>(loop.get_executor(), settings));
    spawn(loop.get_executor(), "viewer", watch(i, *connections.back(), shared));
  }
  const auto start = steady_clock::now();
  const double cpu = cpu_seconds();
  const auto seconds = [&] { return static_cast<double>(us_since(start)) / 1e6; };
  while (seconds() < settings.seconds) {
    loop.run_for(std::chrono::seconds(1));
    print(shared, "progress", seconds(), cpu_seconds() - cpu);
  }
  shared.over = true;
  print(shared, "result", seconds(), cpu_seconds() - cpu);
  return shared.ended == 0 ? 0 : 1;
}

}  // namespace croft::load

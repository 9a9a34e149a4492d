// Drivers behind their faces, as the configuration says.
// SPDX-License-Identifier: Apache-2.0
#include "app/wiring.hpp"

#include <algorithm>
#include <charconv>
#include <stdexcept>

#include "db/sqlite.hpp"
#include "mail/smtp.hpp"
#include "sessions/memory.hpp"

namespace croft::app {

std::filesystem::path database_file(const Config& config, const std::filesystem::path& state_dir) {
  constexpr std::string_view kScheme = "sqlite:";
  std::filesystem::path file = config.database.url.substr(kScheme.size());
  if (file != ":memory:" && file.is_relative()) file = state_dir / file;
  return file;
}

std::unique_ptr<db::Database> open_database(const Config& config,
                                            const std::filesystem::path& state_dir) {
  return db::open_sqlite({.file = database_file(config, state_dir)});
}

std::unique_ptr<sessions::Store> open_sessions(const Config&, const Clock& clock) {
  return std::make_unique<sessions::Memory>(clock);
}

std::unique_ptr<mail::Transport> open_mail(const Config& config) {
  if (config.smtp.url.empty()) return nullptr;
  return mail::make_smtp(
      {.server = mail::parse_server(config.smtp.url).value(), .ca_file = config.smtp.ca_file});
}

mail::Mailbox mail_from(const Config& config) {
  if (const auto box = mail::parse_mailbox(config.smtp.from)) return *box;
  if (config.smtp.url.empty()) return {};
  const auto user = mail::parse_server(config.smtp.url).value().username;
  if (mail::is_address(user)) return {"Croft", user};
  throw std::runtime_error(
      "smtp.url is set, but nobody is named as the sender of mails; set smtp.from to an address "
      "such as croft@example.org");
}

mqtt::Options platform_client(std::string host, std::uint16_t port, std::string username,
                              std::string password) {
  mqtt::Options options;
  options.host = std::move(host);
  options.port = port;
  options.client_id = "croft-platform";
  options.username = std::move(username);
  options.password = std::move(password);
  options.session_expiry = std::chrono::hours(24 * 7);
  options.receive_maximum = 4000;
  options.backoff_least = std::chrono::milliseconds(50);
  options.backoff_most = std::chrono::seconds(5);
  return options;
}

HostPort parse_mqtt_url(std::string_view url) {
  constexpr std::string_view kScheme = "mqtt://";
  url.remove_prefix(std::min(kScheme.size(), url.size()));
  while (url.ends_with('/')) url.remove_suffix(1);
  const auto colon = url.rfind(':');
  const auto bracket = url.rfind(']');
  const bool has_port =
      colon != std::string_view::npos && (bracket == std::string_view::npos || colon > bracket);
  std::uint16_t port = 1883;
  if (has_port) {
    const auto* end = url.data() + url.size();
    const auto [stop, error] = std::from_chars(url.data() + colon + 1, end, port);
    if (error != std::errc() || stop != end)
      throw std::runtime_error("mqtt.url must be mqtt://host:port");
    url = url.substr(0, colon);
  }
  if (url.starts_with('[') && url.ends_with(']')) url = url.substr(1, url.size() - 2);
  if (url.empty()) throw std::runtime_error("mqtt.url names no host");
  return {std::string(url), port};
}

std::string check_targets(const std::vector<std::string>& targets) {
  const std::vector<std::string> known = {"all", "auth", "data", "command", "visualisation"};
  for (const auto& target : targets) {
    if (std::find(known.begin(), known.end(), target) == known.end())
      return "there is no target \"" + target +
             "\"; targets are all, auth, data, command and visualisation";
    if (target != "all")
      return "running \"" + target +
             "\" as a process of its own is not part of this version; leave --target out";
  }
  return "";
}

}  // namespace croft::app

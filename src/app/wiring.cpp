// Drivers behind their faces, as the configuration says.
// SPDX-License-Identifier: Apache-2.0
#include "app/wiring.hpp"

#include <algorithm>
#include <charconv>
#include <future>
#include <stdexcept>

#include "app/interrupted.hpp"
#include "app/tls_files.hpp"
#include "broker/mosquitto.hpp"
#include "db/postgres.hpp"
#include "db/sqlite.hpp"
#include "limits/memory.hpp"
#include "limits/redis.hpp"
#include "mail/smtp.hpp"
#include "sessions/memory.hpp"
#include "sessions/redis.hpp"

namespace croft::app {

std::optional<std::filesystem::path> database_file(const Config& config,
                                                   const std::filesystem::path& state_dir) {
  constexpr std::string_view kScheme = "sqlite:";
  if (!config.database.url.starts_with(kScheme)) return std::nullopt;
  std::filesystem::path file = config.database.url.substr(kScheme.size());
  if (file != ":memory:" && file.is_relative()) file = state_dir / file;
  return file;
}

std::unique_ptr<db::Database> open_database(const Config& config,
                                            const std::filesystem::path& state_dir,
                                            std::function<void(db::Connection&)> may_write) {
  if (const auto file = database_file(config, state_dir)) return db::open_sqlite({.file = *file});
  return db::open_postgres({.url = config.database.url, .may_write = std::move(may_write)});
}

void wait_for_database(const Config& config, db::Database& database, asio::io_context& loop) {
  if (database_file(config, config.state_dir)) return;
  const Interruption interruption;
  const auto wait = [&] {
    return db::wait_until_ready(database, [&] { return interruption.came(); });
  };
  auto ready = std::async(std::launch::async, wait);
  while (ready.wait_for(std::chrono::seconds(0)) != std::future_status::ready)
    loop.run_one_for(std::chrono::milliseconds(2));
  loop.restart();
  if (!ready.get()) throw Stopped();
}

std::unique_ptr<redis::Client> open_redis(const Config& config, const std::string& target,
                                          const Executor& loop, Metrics& metrics) {
  if (config.sessions.url.starts_with("memory:")) return nullptr;
  auto options = redis::parse_url(config.sessions.url).value();
  options.name = "croft-" + target;
  return std::make_unique<redis::Client>(loop, std::move(options), metrics);
}

std::unique_ptr<sessions::Store> open_sessions(const Config& config, redis::Client* redis,
                                               const Clock& clock) {
  if (redis == nullptr) return std::make_unique<sessions::Memory>(clock);
  return std::make_unique<sessions::Redis>(*redis, clock, config.sessions.lifetime);
}

std::unique_ptr<limits::Store> open_limits(redis::Client* redis, const Clock& clock) {
  if (redis == nullptr) return std::make_unique<limits::Memory>(clock);
  return std::make_unique<limits::Redis>(*redis);
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

void become_broker(const Config& config) {
  broker::Config own;
  own.state_dir = config.state_dir;
  own.listen = config.mqtt.listen;
  own.program = config.mqtt.program;
  const auto account = [&](const char* name, const char* role, const std::string& secret) {
    if (!secret.empty()) own.accounts.push_back({name, role, secret});
  };
  account("croft", "platform", config.broker.password);
  account("croft-auth", "auth", config.broker.auth_password);
  account("croft-data", "data", config.broker.data_password);
  account("croft-command", "command", config.broker.command_password);
  account("croft-visualisation", "visualisation", config.broker.visualisation_password);
  if (own.accounts.empty())
    throw std::runtime_error(
        "the services have no password at the broker; set broker.auth_password and so on (in "
        "files: CROFT_BROKER_AUTH_PASSWORD_FILE), and each service's mqtt.password to its own");
  for (const auto& source : config.data.sources)
    own.grants.push_back({source.device.str(), source.topic});
  offer_tls(own, config);
  broker::become_mosquitto(own);
}

BrokerAccess broker_of(const Config& config) {
  auto [host, port, tls] = parse_mqtt_url(config.mqtt.url);
  if (host.empty()) throw std::runtime_error("mqtt.url names no host");
  return {.host = std::move(host),
          .port = port,
          .tls = tls,
          .ca_file = config.mqtt.ca_file,
          .username = config.mqtt.username,
          .password = config.mqtt.password};
}

mqtt::Options platform_client(const BrokerAccess& access, std::string client_id, bool durable) {
  mqtt::Options options;
  options.host = access.host;
  options.port = access.port;
  options.tls = access.tls;
  options.ca_file = access.ca_file;
  options.client_id = std::move(client_id);
  options.username = access.username;
  options.password = access.password;
  options.clean_start = !durable;
  options.session_expiry = durable ? std::chrono::hours(24 * 7) : std::chrono::hours(0);
  options.receive_maximum = 16'000;
  options.backoff_least = std::chrono::milliseconds(50);
  options.backoff_most = std::chrono::seconds(5);
  return options;
}

HostPort parse_mqtt_url(std::string_view url) {
  const bool tls = url.starts_with("mqtts://");
  constexpr std::string_view kScheme = "mqtt://";
  url.remove_prefix(std::min(kScheme.size() + (tls ? 1 : 0), url.size()));
  while (url.ends_with('/')) url.remove_suffix(1);
  const auto colon = url.rfind(':');
  const auto bracket = url.rfind(']');
  const bool has_port =
      colon != std::string_view::npos && (bracket == std::string_view::npos || colon > bracket);
  std::uint16_t port = tls ? 8883 : 1883;
  if (has_port) {
    const auto* end = url.data() + url.size();
    const auto [stop, error] = std::from_chars(url.data() + colon + 1, end, port);
    if (error != std::errc() || stop != end)
      throw std::runtime_error("mqtt.url must be mqtt://host:port");
    url = url.substr(0, colon);
  }
  if (url.starts_with('[') && url.ends_with(']')) url = url.substr(1, url.size() - 2);
  return {std::string(url), port, tls};
}

}  // namespace croft::app

// The table of settings: every key of the configuration, in the order of config/croft.toml.
// SPDX-License-Identifier: Apache-2.0
#include "app/config.hpp"
#include "app/setting_kinds.hpp"

namespace croft::app {
namespace {

using namespace kinds;

#define CROFT_FIELD(member) [](Config& config) -> auto& { return config.member; }

std::vector<Setting> make_settings() {
  std::vector<Setting> all;
  const auto add = [&](std::string key, std::string takes, std::string help, Set set, Get get) {
    all.push_back({std::move(key), std::move(takes), std::move(help), false, false, std::move(set),
                   std::move(get)});
  };
  add("state_dir", "a directory", "where Croft keeps its database, keys and broker store",
      text(CROFT_FIELD(state_dir)), [](const Config& config) { return config.state_dir.string(); });
  add("log.level", "debug, info, warning or error", "the least important line to write",
      one_of(CROFT_FIELD(log.level), {"debug", "info", "warning", "error"}),
      shown(CROFT_FIELD(log.level)));
  add("log.format", "auto, text or json", "auto is text on a terminal and JSON otherwise",
      one_of(CROFT_FIELD(log.format), {"auto", "text", "json"}), shown(CROFT_FIELD(log.format)));
  add("http.listen", "an address", "where API, dashboard and WebSocket are served",
      address(CROFT_FIELD(http.listen)), shown(CROFT_FIELD(http.listen)));
  add("http.public_url", "a URL", "how browsers reach Croft from outside, when they do",
      url(CROFT_FIELD(http.public_url), {"http://", "https://"},
          "must start with http:// or https://"),
      shown(CROFT_FIELD(http.public_url)));
  all.push_back({"http.trusted_proxies", "a list of addresses",
                 "proxies whose X-Forwarded-For and X-Forwarded-Proto are believed", false, true,
                 [](Config& config, const std::string& value) {
                   config.http.trusted_proxies = split(value);
                   return std::string();
                 },
                 [](const Config& config) { return join(config.http.trusted_proxies); }});
  add("mqtt.url", "a URL", "a broker of your own; empty: Croft starts its own Mosquitto",
      url(CROFT_FIELD(mqtt.url), {"mqtt://", "mqtts://"},
          "must be mqtt://host:port or, with TLS, mqtts://host:port, or empty"),
      shown(CROFT_FIELD(mqtt.url)));
  add("mqtt.listen", "an address", "where Croft's own Mosquitto listens for nodes",
      address(CROFT_FIELD(mqtt.listen)), shown(CROFT_FIELD(mqtt.listen)));
  add("mqtt.tls_listen", "an address",
      "where it listens with TLS, such as 0.0.0.0:8883; empty: nowhere",
      address_or_none(CROFT_FIELD(mqtt.tls_listen)), shown(CROFT_FIELD(mqtt.tls_listen)));
  add("mqtt.ca_file", "a file",
      "certificates (PEM) that a broker at mqtts:// is checked with; empty: those of the system",
      text(CROFT_FIELD(mqtt.ca_file)), shown(CROFT_FIELD(mqtt.ca_file)));
  add("mqtt.public_url", "a URL",
      "how nodes reach the broker from outside, shown beside a new device's secret; mqtt://:1883 "
      "is "
      "the host that the browser knows; empty: as mqtt.url says",
      url(CROFT_FIELD(mqtt.public_url), {"mqtt://", "mqtts://"},
          "must be mqtt://host:port or, with TLS, mqtts://host:port, or empty"),
      shown(CROFT_FIELD(mqtt.public_url)));
  add("mqtt.username", "a name", "Croft's account at a broker of your own",
      text(CROFT_FIELD(mqtt.username)), shown(CROFT_FIELD(mqtt.username)));
  add("mqtt.password", "a secret", "its password", text(CROFT_FIELD(mqtt.password)),
      shown(CROFT_FIELD(mqtt.password)));
  all.back().secret = true;
  add("mqtt.program", "a program", "the Mosquitto to start", text(CROFT_FIELD(mqtt.program)),
      shown(CROFT_FIELD(mqtt.program)));
  const auto add_account = [&](const char* key, const char* whose, auto field) {
    add(key, "a secret", std::string("for croft broker: of ") + whose, text(field), shown(field));
    all.back().secret = true;
  };
  add_account("broker.auth_password", "the account croft-auth", CROFT_FIELD(broker.auth_password));
  add_account("broker.data_password", "the account croft-data", CROFT_FIELD(broker.data_password));
  add_account("broker.command_password", "the account croft-command",
              CROFT_FIELD(broker.command_password));
  add_account("broker.visualisation_password", "the account croft-visualisation",
              CROFT_FIELD(broker.visualisation_password));
  add_account("broker.password", "the account croft, which may do everything",
              CROFT_FIELD(broker.password));
  add("tls.certificate", "a file",
      "the server's certificate with its chain (PEM); empty: the one of croft tls init, if any",
      text(CROFT_FIELD(tls.certificate)), shown(CROFT_FIELD(tls.certificate)));
  add("tls.key", "a file", "its key", text(CROFT_FIELD(tls.key)), shown(CROFT_FIELD(tls.key)));
  add("database.url", "a URL",
      "sqlite:FILE (a relative file lies in state_dir), or "
      "postgresql://user:password@host:5432/name",
      url(CROFT_FIELD(database.url), {"sqlite:", "postgresql://", "postgres://"},
          "must be sqlite:FILE or postgresql://user:password@host:5432/name", false),
      [](const Config& config) { return without_password(config.database.url); });
  add("sessions.url", "memory: or a URL",
      "where sessions live; memory: ends them with the process, redis://[user:password@]host:port "
      "shares them between processes and keeps them",
      session_store(CROFT_FIELD(sessions.url)),
      [](const Config& config) { return redis::mask_url(config.sessions.url); });
  add("sessions.lifetime", "a duration", "after which one must log in again",
      duration(CROFT_FIELD(sessions.lifetime), Seconds(60), std::chrono::days(365)),
      shown_duration(CROFT_FIELD(sessions.lifetime)));
  add("smtp.url", "a URL",
      "the mail server, smtp://user:password@host:587 or smtps://...; empty: no mail is sent",
      mail_server(CROFT_FIELD(smtp.url)), shown(CROFT_FIELD(smtp.url)));
  all.back().secret = true;
  add("smtp.from", "an e-mail address",
      "the sender of mails, such as Croft <croft@example.org>; empty: the user of smtp.url",
      mailbox(CROFT_FIELD(smtp.from)), shown(CROFT_FIELD(smtp.from)));
  add("smtp.ca_file", "a file",
      "certificates (PEM) the mail server's is checked with; empty: those of the system",
      text(CROFT_FIELD(smtp.ca_file)), shown(CROFT_FIELD(smtp.ca_file)));
  add("smtp.per_minute", "a number", "the most mails a minute to everybody together",
      whole(CROFT_FIELD(smtp.per_minute), 1, 10'000), shown_whole(CROFT_FIELD(smtp.per_minute)));
  add("auth.signup", "open, first or closed",
      "who may sign up: anybody; only the first account of all; nobody",
      one_of(CROFT_FIELD(auth.signup), {"open", "first", "closed"}),
      shown(CROFT_FIELD(auth.signup)));
  add("data.retention", "a duration",
      "after which readings are forgotten, such as 365d; 0s keeps them for ever",
      duration(CROFT_FIELD(data.retention), Seconds(0), std::chrono::days(36'500)),
      shown_duration(CROFT_FIELD(data.retention)));
  all.push_back({"data.retention_of", "a list of measurements with durations",
                 "after which single measurements are forgotten, such as [\"rssi 30d\"]", false,
                 true,
                 [](Config& config, const std::string& value) {
                   return set_durations(config.data.retention_of, value);
                 },
                 [](const Config& config) { return shown_durations(config.data.retention_of); }});
  add("data.max_size", "a size",
      "of the database, such as 20GB, beyond which the oldest readings are forgotten; 0: no bound",
      size(CROFT_FIELD(data.max_size), 50 * kMega), shown_size(CROFT_FIELD(data.max_size)));
  add("command.validity", "a duration", "how long a command waits for its node before it expires",
      duration(CROFT_FIELD(command.validity), Seconds(1), std::chrono::days(7)),
      shown_duration(CROFT_FIELD(command.validity)));
  add("command.grace", "a duration",
      "how late a timed command may start, after a time of being down, before it counts as missed",
      duration(CROFT_FIELD(command.grace), Seconds(1), std::chrono::days(7)),
      shown_duration(CROFT_FIELD(command.grace)));
  all.push_back({"firmware.keys", "a list of files",
                 "public keys (PEM) that may have signed images of nodes' firmware, as croft "
                 "firmware key makes them",
                 false, true,
                 [](Config& config, const std::string& value) {
                   config.firmware.keys = split(value);
                   return std::string();
                 },
                 [](const Config& config) { return join(config.firmware.keys); }});
  return all;
}

std::string upper(std::string text) {
  for (auto& c : text) c = c == '.' ? '_' : (c >= 'a' && c <= 'z') ? static_cast<char>(c - 32) : c;
  return text;
}

}  // namespace

std::string Setting::environment() const { return "CROFT_" + upper(key); }

std::string Setting::flag() const {
  std::string name = "--" + key;
  for (auto& c : name)
    if (c == '.' || c == '_') c = '-';
  return name;
}

const std::vector<Setting>& settings() {
  static const auto all = make_settings();
  return all;
}

std::optional<Seconds> parse_duration(std::string_view text) {
  std::int64_t number = 0;
  const auto* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, number);
  const std::string_view unit(stop, static_cast<std::size_t>(end - stop));
  if (error != std::errc() || number < 0 || number > 1'000'000'000) return std::nullopt;
  if (unit.empty() || unit == "s") return Seconds(number);
  if (unit == "m") return std::chrono::minutes(number);
  if (unit == "h") return std::chrono::hours(number);
  if (unit == "d") return std::chrono::days(number);
  return std::nullopt;
}

std::string format_duration(Seconds time) {
  const auto count = time.count();
  if (count != 0 && count % 86400 == 0) return std::to_string(count / 86400) + "d";
  if (count != 0 && count % 3600 == 0) return std::to_string(count / 3600) + "h";
  if (count != 0 && count % 60 == 0) return std::to_string(count / 60) + "m";
  return std::to_string(count) + "s";
}

}  // namespace croft::app

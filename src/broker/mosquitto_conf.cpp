// Writing mosquitto.conf, each line with its reason.
// SPDX-License-Identifier: Apache-2.0
#include "broker/mosquitto_conf.hpp"

#include <pwd.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <stdexcept>

#include "broker/guard/hash.hpp"
#include "broker/guard/table.hpp"
#include "protocol/text.hpp"

namespace croft::broker {
namespace {

// A line's value ends with the line: whatever could start another is refused.
std::string one_line(const std::string& value, const char* what) {
  for (const char c : value) {
    if (static_cast<unsigned char>(c) < ' ')
      throw std::runtime_error(std::string(what) + " has a control character");
  }
  return value;
}

std::string path_of(const std::filesystem::path& path, const char* what) {
  return one_line(std::filesystem::absolute(path).string(), what);
}

// Mosquitto started as root would become the user "mosquitto", who may not read our state.
std::string current_user() {
  const passwd* user = ::getpwuid(::geteuid());
  return user == nullptr ? "" : user->pw_name;
}

void add(std::string& out, const std::string& why, const std::string& line) {
  out.append("# ").append(why).append("\n").append(line).append("\n");
}

void add_plugin(std::string& out, const Config& config, const std::filesystem::path& folder) {
  const auto plugin = config.plugin_path.empty() ? find_plugin() : config.plugin_path;
  add(out, "Nobody comes in without a name and a secret that the guard knows.",
      "allow_anonymous false");
  add(out, "The guard: each device to its own topics, each of Croft's services to what it needs.",
      "plugin " + one_line(std::filesystem::absolute(plugin).string(), "the plugin's path"));
  for (const Account& account : config.accounts)
    out.append("plugin_opt_account " + one_line(account.name, "an account's name") + " " +
               guard::to_hex(guard::hash_of(account.secret)) + " " +
               one_line(account.roles, "an account's roles") + "\n");
  out.append("plugin_opt_state_file " + (folder / "devices").string() + "\n");
  if (!config.tls_listen.empty())
    out.append("plugin_opt_watch " + path_of(config.certificate, "tls.certificate") +
               "\nplugin_opt_watch " + path_of(config.key, "tls.key") + "\n");
  for (const Grant& grant : config.grants) {
    if (!protocol::is_device_id(grant.device) || !guard::is_grant(grant.filter))
      throw std::runtime_error("[[data.source]] topic \"" + grant.filter + "\" for device \"" +
                               grant.device + "\": not a topic and a device id");
    out.append("plugin_opt_grant " + grant.device + " " + grant.filter + "\n");
  }
}

std::string listener(const Address& address) {
  return "listener " + std::to_string(address.port) +
         (address.host.empty() ? "" : " " + address.host);
}

void add_listeners(std::string& out, const Config& config, const Addresses& addresses) {
  add(out, "Where nodes connect.", listener(addresses.plain));
  if (!addresses.tls) return;
  add(out, "Where nodes connect with TLS, 1.2 or newer, and only with forward secrecy.",
      listener(*addresses.tls) + "\ncertfile " + path_of(config.certificate, "tls.certificate") +
          "\nkeyfile " + path_of(config.key, "tls.key") +
          "\ntls_version tlsv1.2\nciphers ECDHE+AESGCM:ECDHE+CHACHA20");
}

void add_limits(std::string& out) {
  add(out,
      "The default drops silently beyond 1,000 queued messages; bytes are our bound. Not 0 for "
      "none:\n# 2.0.16 to 2.0.21 then cut off whoever publishes what the guard refuses.",
      "max_queued_messages 100000000\nmax_queued_bytes 67108864");
  add(out, "What one MQTT 3.1.1 client gets unacknowledged; MQTT 5 clients name their own window.",
      "max_inflight_messages 100");
  add(out, "The guard refuses more than 64 KiB from a device; Croft itself sends its table.",
      "max_packet_size 2097152");
  add(out, "A vanished node is noticed within an hour and a half at the most.",
      "max_keepalive 3600");
  add(out, "Sessions of nodes that never come back end; nodes say otherwise with MQTT 5.",
      "persistent_client_expiration 14d");
}

void add_habits(std::string& out) {
  add(out, "Actuator states and who is online are retained messages.", "retain_available true");
  add(out, "Small messages go out at once instead of 40 ms later.", "set_tcp_nodelay true");
  add(out, "Counters under $SYS, read for Croft's metrics.", "sys_interval 10");
  add(out, "Croft passes these lines on with its own time.",
      "log_dest stderr\nlog_timestamp false\nlog_type error\nlog_type warning\nlog_type notice");
  const std::string user = current_user();
  if (!user.empty()) add(out, "Who started Croft, so that its state can be read.", "user " + user);
}

}  // namespace

Address parse_listen(const std::string& listen) {
  const std::size_t colon = listen.rfind(':');
  Address address;
  std::string port = listen;
  if (colon != std::string::npos) {
    address.host = listen.substr(0, colon);
    port = listen.substr(colon + 1);
  }
  if (address.host.starts_with('[') && address.host.ends_with(']'))
    address.host = address.host.substr(1, address.host.size() - 2);
  const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), address.port);
  if (port.empty() || error != std::errc() || end != port.data() + port.size())
    throw std::runtime_error("[mqtt] listen is \"" + listen +
                             "\", but expected is an address and a port like 0.0.0.0:1883");
  one_line(address.host, "[mqtt] listen");
  if (address.host.find(' ') != std::string::npos)
    throw std::runtime_error("[mqtt] listen has a space in its address");
  return address;
}

std::filesystem::path find_plugin() {
  constexpr const char* kName = "croft-broker-guard.so";
  std::error_code ignored;
  const auto program = std::filesystem::read_symlink("/proc/self/exe", ignored);
  const auto beside = program.parent_path() / kName;
  if (std::filesystem::exists(beside, ignored)) return beside;
  const auto installed = program.parent_path().parent_path() / "lib" / "croft" / kName;
  if (std::filesystem::exists(installed, ignored)) return installed;
  throw std::runtime_error("the broker's guard is missing: neither " + beside.string() + " nor " +
                           installed.string() + " exists; install Croft again");
}

Addresses addresses_of(const Config& config) {
  Addresses addresses{parse_listen(config.listen), {}};
  if (!config.tls_listen.empty()) addresses.tls = parse_listen(config.tls_listen);
  return addresses;
}

std::string mosquitto_conf(const Config& config, const Addresses& addresses) {
  const bool locked = std::ranges::all_of(
      config.accounts, [](const Account& one) { return !one.name.empty() && !one.secret.empty(); });
  if (config.accounts.empty() || !locked)
    throw std::runtime_error("the broker needs an account for Croft itself, with a secret");
  const auto folder = std::filesystem::absolute(config.state_dir) / "broker";
  std::string out = "# Written by Croft at each start; changes are lost.\n";
  add_listeners(out, config, addresses);
  add_plugin(out, config, folder);
  add(out, "Sessions and queues survive a restart; the default would save every half hour.",
      "persistence true\npersistence_location " + one_line(folder.string(), "state_dir") +
          "/\nautosave_interval 60");
  add_limits(out);
  add_habits(out);
  return out;
}

}  // namespace croft::broker

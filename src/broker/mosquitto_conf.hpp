// The configuration that our own Mosquitto runs with.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace croft::broker {

// A topic outside of croft/v1 that a device may publish to.
struct Grant {
  std::string device;
  std::string filter;
};

// One of the platform's own accounts; the broker is given the secret's hash alone.
struct Account {
  std::string name;   // "croft", or begins with "croft-"
  std::string roles;  // "platform", or some of "auth,data,command,visualisation"
  std::string secret;
};

struct Config {
  std::filesystem::path state_dir = "croft-data";  // the broker's things go into state_dir/broker
  std::string listen = "0.0.0.0:1883";             // "address:port"; port 0 takes a free one
  std::string tls_listen;                          // the same with TLS; empty: none
  std::filesystem::path certificate;               // with its chain; read anew when it changes
  std::filesystem::path key;
  std::filesystem::path plugin_path;  // empty: found beside our own program
  std::string program = "mosquitto";
  std::vector<Account> accounts;
  std::vector<Grant> grants;
};

struct Address {
  std::string host;  // "" is every address
  std::uint16_t port = 0;
};
// "127.0.0.1:1883", "[::1]:1883", ":1883" or "1883". Throws runtime_error saying what is wrong.
Address parse_listen(const std::string& listen);

// croft-broker-guard.so beside this program, else in ../lib/croft. Throws runtime_error when it is
// in neither place.
std::filesystem::path find_plugin();

// Where Config says to listen; port 0 stays 0.
struct Addresses {
  Address plain;
  std::optional<Address> tls;
};
Addresses addresses_of(const Config& config);

// The text of mosquitto.conf, with the reason for each line. Throws runtime_error when a value
// cannot stand in it.
std::string mosquitto_conf(const Config& config, const Addresses& addresses);

}  // namespace croft::broker

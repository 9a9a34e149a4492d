// The configuration: what can be set, where a value came from, and what was wrong with it.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "base/ids.hpp"
#include "base/result.hpp"

namespace croft::app {

struct SourceMapping {
  std::string topic;
  DeviceId device;
};

// The effective configuration. Defaults are written here and nowhere else.
struct Config {
  std::filesystem::path state_dir = "./croft-data";
  struct {
    std::string level = "info";
    std::string format = "auto";
  } log;
  struct {
    std::string listen = "0.0.0.0:8080";
    std::string public_url;
    std::vector<std::string> trusted_proxies;
  } http;
  struct {
    std::string url;
    std::string listen = "0.0.0.0:1883";
    std::string tls_listen;
    std::string ca_file;
    std::string public_url;
    std::string username;
    std::string password;
    std::string program = "mosquitto";
  } mqtt;
  struct {  // of `croft broker`, for services that run apart
    std::string auth_password;
    std::string data_password;
    std::string command_password;
    std::string visualisation_password;
    std::string password;
  } broker;
  struct {
    std::string certificate;
    std::string key;
  } tls;
  struct {
    std::string url = "sqlite:croft.db";
  } database;
  struct {
    std::string url = "memory:";
    Seconds lifetime{std::chrono::hours(24 * 7)};
  } sessions;
  struct {
    std::string url;
    std::string from;
    std::string ca_file;
    int per_minute = 30;
  } smtp;
  struct {
    std::string signup = "open";
  } auth;
  struct {
    Seconds retention{0};  // 0: for ever
    std::map<std::string, Seconds> retention_of;
    std::int64_t max_size = 0;  // bytes; 0: without bound
    std::vector<SourceMapping> sources;
  } data;
  struct {
    Seconds validity{std::chrono::minutes(5)};
    Seconds grace{std::chrono::minutes(10)};
  } command;
  struct {
    std::vector<std::string> keys;  // files
  } firmware;
};

// One key: how it is called, what it takes, and how to put a text into the configuration. TOML, the
// environment and flags all end in `set`, so a value means the same wherever it was written.
struct Setting {
  std::string key;    // "http.listen"
  std::string takes;  // "an address such as 0.0.0.0:8080"
  std::string help;
  bool secret = false;
  bool list = false;  // a TOML array; elsewhere separated by commas
  // Returns what is wrong with the text, or "".
  std::function<std::string(Config&, const std::string&)> set;
  std::function<std::string(const Config&)> get;

  std::string environment() const;  // "CROFT_HTTP_LISTEN"
  std::string flag() const;         // "--http-listen"
};

const std::vector<Setting>& settings();

// A mistake in one line: "croft.toml:3: http.listn is not a key; did you mean http.listen?"
using Mistakes = std::vector<std::string>;

struct Loaded {
  Config config;
  Mistakes mistakes;
};

// Over the defaults: file (when given), then environment, then flags (key -> text); later wins.
// Collects every mistake.
Loaded load_config(const std::optional<std::filesystem::path>& file,
                   const std::function<const char*(const char*)>& environment,
                   const std::map<std::string, std::string>& flags, Config defaults = {});

// As TOML; secrets are shown as "********".
std::string print_config(const Config&);

// "30s", "10m", "12h", "7d", or a bare number of seconds.
std::optional<Seconds> parse_duration(std::string_view);
std::string format_duration(Seconds);

}  // namespace croft::app

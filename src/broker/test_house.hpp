// For tests: a broker with its guard, the service account's client, and nodes.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "broker/credentials.hpp"
#include "broker/guard/hash.hpp"
#include "broker/mosquitto.hpp"
#include "mqtt/test_broker.hpp"

namespace croft::broker {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr const char* kServiceSecret = "the secret of the service account";

// Every device's secret in tests is "secret of <id>", or with `edition` a later one.
inline std::string secret(const std::string& device, int edition = 1) {
  return "secret " + std::to_string(edition) + " of " + device;
}
inline std::string secret_hash(const std::string& device, int edition = 1) {
  return guard::to_hex(guard::hash_of(secret(device, edition)));
}

struct House {
  explicit House(const std::filesystem::path& state = {})
      : broker(loop.get_executor(), config(state.empty() ? directory.path() : state), metrics) {}

  static Config config(const std::filesystem::path& state) {
    Config config;
    config.state_dir = state;
    config.listen = "127.0.0.1:0";
    config.plugin_path =
        std::filesystem::read_symlink("/proc/self/exe").parent_path() / "croft-broker-guard.so";
    config.accounts = {{"croft", "platform", kServiceSecret}};
    config.grants = {{"granted", "/exp/+"}};
    return config;
  }

  // Starts the broker and the service account's client, and waits until `known` may come in.
  void start(std::vector<Credential> known) {
    broker.start();
    spawn(loop.get_executor(), "broker", broker.watch());
    mqtt::Options options = client_options("croft-test", "croft", kServiceSecret);
    options.session_expiry = seconds(600);
    service = std::make_unique<mqtt::Client>(loop.get_executor(), options);
    credentials = std::make_unique<Credentials>(*service);
    credentials->replace_all(std::move(known));
    spawn(loop.get_executor(), "service", service->run());
    mqtt::play(loop, [this]() -> Task<void> {
      co_await service->ready(seconds(10));
      const bool taken = co_await credentials->taken(seconds(10));
      EXPECT_TRUE(taken);
    }());
  }

  mqtt::Options client_options(const std::string& id, const std::string& user,
                               const std::string& password) const {
    mqtt::Options options;
    options.port = broker.port();
    options.client_id = id;
    options.username = user;
    options.password = password;
    options.backoff_least = milliseconds(10);
    options.backoff_most = milliseconds(60);
    return options;
  }

  std::unique_ptr<mqtt::Client> node(const std::string& id, seconds expiry = seconds(0),
                                     int edition = 1) {
    mqtt::Options options = client_options(id, id, secret(id, edition));
    options.session_expiry = expiry;
    options.will = mqtt::Will{"croft/v1/" + id + "/status", "offline", 1, true};
    return std::make_unique<mqtt::Client>(loop.get_executor(), options);
  }

  mqtt::TestDirectory directory;
  asio::io_context loop;
  Metrics metrics;
  Mosquitto broker;
  std::unique_ptr<mqtt::Client> service;
  std::unique_ptr<Credentials> credentials;
};

}  // namespace croft::broker

// Croft's own Mosquitto: configured, started, watched, restarted and stopped as a child process.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>

#include "base/metrics.hpp"
#include "base/task.hpp"

namespace croft::broker {

struct Config {
  std::filesystem::path state_dir;      // the broker keeps its files in state_dir/broker
  std::string listen = "0.0.0.0:1883";  // port 0 picks a free one
  std::string program = "mosquitto";    // found in PATH and in the sbin folders
  std::filesystem::path guard;         // the plugin; empty: beside this program, or in ../lib/croft
  std::string service_user = "croft";  // Croft's own account
  std::string service_secret;          // random, made anew at each start
};

class Mosquitto {
 public:
  Mosquitto(const Executor&, Config, Metrics&);
  Mosquitto(const Mosquitto&) = delete;
  Mosquitto& operator=(const Mosquitto&) = delete;
  ~Mosquitto();

  // Starts it and returns its port once it accepts connections. Blocks (tens of milliseconds).
  // Throws std::runtime_error with one clear line: not installed, port taken, plugin missing.
  // A predecessor that a killed Croft left behind is waited for.
  std::uint16_t start();
  // Passes its log lines on and starts it again, with back-off, when it ends. Until stop().
  Task<void> watch();
  // Lets it save its store and end; insists after five seconds.
  Task<void> stop();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace croft::broker

// `croft simulate`: registers virtual nodes with a running Croft and lets them live.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <string>

namespace croft::app {

struct Simulation {
  std::filesystem::path state_dir = "./croft-data";  // of the Croft to speak to
  std::string mqtt_url;                              // "": where that Croft says; else the broker
  std::string ca_file;                               // what an mqtts:// is checked with
  std::string user;                                  // whose devices; "" when there is one account
  int devices = 1;
  std::chrono::milliseconds interval{1000};
  std::chrono::seconds duration{0};  // 0: until Ctrl-C
  std::uint64_t seed = 1;
  std::string ack_log;                // file: what was acknowledged to each node
  std::string name = "Virtual node";  // followed by a number
  bool greenhouse = false;            // names of a small greenhouse instead
  bool quiet = false;
};

// Returns the exit code. Throws std::runtime_error with one line for the terminal.
int simulate(const Simulation&);

}  // namespace croft::app

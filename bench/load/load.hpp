// What bench_load can do: readings, requests and viewers, each offered at a rate that nobody slows.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

namespace croft::load {

using std::chrono::steady_clock;

struct Settings {
  std::string host = "127.0.0.1";
  std::uint16_t port = 0;
  std::string nodes;       // a file with a line "device<TAB>secret" for each node
  std::string ledger;      // where it is written down what each node sent and what was acknowledged
  std::string target;      // requests: the path and query
  std::string token;       // requests and viewers: the session
  double rate = 1000;      // readings or requests a second, of all together
  double seconds = 10;     // for how long they are offered; a signal ends it earlier
  double drain = 60;       // how long to wait for what is not acknowledged
  std::uint64_t most = 0;  // readings in all; 0: no bound
  std::uint32_t boot = 1;  // of numbered readings
  bool numbered = true;    // acknowledged by telemetry/ack; else by the broker
  std::size_t window = 64;       // sent by a node and not yet acknowledged, as the firmware has it
  std::size_t keep = 20'000;     // what a node keeps of what is not acknowledged
  std::size_t connections = 16;  // requests: how many at once; viewers: how many
  bool one_device = false;       // viewers: each looks at one device of `nodes`
};

// Each returns the exit code of the program and prints one line of JSON a second, the last being
// the result.
int readings(const Settings&);
int requests(const Settings&);
int viewers(const Settings&);

// When the i-th of things offered at this rate is due. Latency counts from here, so that a stall is
// felt by all who would have come meanwhile.
inline steady_clock::time_point due(steady_clock::time_point start, std::uint64_t i, double rate) {
  return start +
         std::chrono::nanoseconds(static_cast<std::int64_t>(static_cast<double>(i) / rate * 1e9));
}

inline std::int64_t us_since(steady_clock::time_point then) {
  return std::chrono::duration_cast<std::chrono::microseconds>(steady_clock::now() - then).count();
}

// Processor time of this process so far.

}  // namespace croft::load

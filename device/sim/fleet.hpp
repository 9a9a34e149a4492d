// Virtual nodes: the firmware's own core, a greenhouse that never was, a real connection each.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/task.hpp"

namespace croft::sim {

struct Credential {
  std::string device;  // the id: MQTT user name and client id
  std::string secret;
  std::string name;  // for people; may be empty
};

struct Config {
  std::string host = "127.0.0.1";
  std::uint16_t port = 1883;
  bool tls = false;       // see mqtt::Options
  std::string ca_file{};  // likewise
  std::vector<Credential> devices;
  std::chrono::milliseconds interval{1000};  // between two readings of a node
  std::uint64_t seed = 1;                    // of weather, soil and noise
  // Readings each node can keep while it is cut off (25 bytes each); 0: five minutes of them, but
  // from 120 to 6,000.
  std::size_t buffer = 0;
  // The nodes connect one after the other, with jitter, over this time; 0: a millisecond for each.
  std::chrono::milliseconds spread{0};
  // Where each node's boot number is kept between runs; empty: a random number for each run.
  std::filesystem::path state_dir{};
  // Appends a line "device boot seq" for every reading the platform acknowledged; empty: no log.
  std::filesystem::path acknowledged_log{};
  std::chrono::seconds progress{10};  // between two log lines of numbers; 0: none
};

struct Stats {
  std::size_t nodes = 0;
  std::size_t connected = 0;
  std::uint64_t sampled = 0;
  std::uint64_t sent = 0;      // readings, repeats included
  std::uint64_t stored = 0;    // acknowledged by the platform
  std::uint64_t buffered = 0;  // not acknowledged, kept by the nodes
  std::uint64_t dropped = 0;   // given up because a node's buffer was full
  std::uint64_t commands = 0;  // obeyed
  std::uint64_t commands_refused = 0;
};

/// 1 to 10,000 nodes on the caller's loop: one scheduler and one timer for all, about 10 KiB each.
///
///   sim::Fleet fleet(loop.get_executor(), clock, std::move(config));
///   co_await fleet.run();   // returns after stop()
///
/// The loop owns it; every member is called on the loop, and it outlives run().
class Fleet {
 public:
  /// Throws std::runtime_error with one line for the terminal: no devices, an invalid device id, a
  /// file that cannot be written, too few file descriptors allowed.
  Fleet(const Executor& executor, const Clock& clock, Config config);
  Fleet(const Fleet&) = delete;
  Fleet& operator=(const Fleet&) = delete;
  ~Fleet();

  /// Starts the nodes and lets them live. The network never makes it throw.
  Task<void> run();
  /// Every node says "offline" and disconnects; then run() returns (within about a second).
  void stop();
  Stats stats() const;
  /// Cuts every connection without a word, as a dead network would; they come back by themselves.
  void drop_connections();

 private:
  struct Parts;
  std::shared_ptr<Parts> parts_;
};

}  // namespace croft::sim

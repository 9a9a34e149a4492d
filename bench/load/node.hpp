// A node that keeps each reading until it is acknowledged, and sends it again after each lost
// connection. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <string>

#include "load/load.hpp"
#include "load/percentiles.hpp"
#include "mqtt/client.hpp"

namespace croft::load {

// What all nodes together have seen.
struct Totals {
  std::uint64_t made = 0;          // readings that came into being
  std::uint64_t acknowledged = 0;  // of these
  std::uint64_t repeated = 0;      // sent again
  std::uint64_t skipped = 0;       // not made: the node kept as many as it can
  std::uint64_t connects = 0;
  Percentiles latency;  // from being due to being acknowledged
};

class Node {
 public:
  Node(const Executor&, const Settings&, std::string device, std::string secret, Totals&);

  Task<void> run() { return client_.run(); }
  void stop() { client_.stop(); }

  // A reading that was due then.
  void measure(steady_clock::time_point due, std::int64_t wall_ms);
  // Sends some of what is to be sent (again); true when there is more.
  bool send(std::size_t most);

  bool connected() const { return client_.connected(); }
  bool all_acknowledged() const { return kept_.empty(); }
  // "device<TAB>boot<TAB>made<TAB>numbers that are not acknowledged, with commas"
  std::string line_of_ledger() const;

 private:
  struct Kept {
    steady_clock::time_point due;
    std::int64_t wall_ms;
    bool acknowledged = false;
  };

  mqtt::Options options(std::string secret) const;
  std::string payload(std::uint32_t seq, const Kept&) const;
  void on_ack(std::string_view payload);
  void forget(std::uint32_t seq);
  Task<void> publish(std::uint32_t seq, std::string payload);

  const Settings& settings_;
  Totals& totals_;
  std::string device_;
  std::string topic_;
  std::deque<Kept> kept_;                                 // in the order of their numbers
  std::uint32_t first_ = 1;                               // the number of kept_.front()
  std::uint32_t unsent_ = 1;                              // the next to be sent (again)
  std::uint32_t ever_sent_ = 1;                           // the next that was never sent
  steady_clock::time_point moved_ = steady_clock::now();  // when the oldest was last another one
  mqtt::Client client_;
};

}  // namespace croft::load

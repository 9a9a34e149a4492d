// The node's actuators: their true state, their return after `for`, and the longest they may be on.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "device/core/hal.hpp"

namespace croft::core {

constexpr std::size_t kMaxNodeActuators = 8;
constexpr std::uint64_t kNever = ~std::uint64_t{0};

/// What the board says about an actuator.
struct Actuator {
  std::string_view name;             // protocol::is_name
  bool safe_on = false;              // its state at the start
  std::uint32_t max_on_seconds = 0;  // at a stretch, whatever was commanded; 0: no limit
};

/// Knows nothing of the network: what was promised for an hour ends after an hour, on the board's
/// own clock, with every server dead.
class Actuators {
 public:
  /// `list` must outlive it; at most kMaxNodeActuators are used.
  Actuators(const Actuator* list, std::size_t count, Hal& hal);

  /// Every actuator to its safe state.
  void start();

  std::size_t size() const { return count_; }
  std::string_view name(std::size_t index) const { return list_[index].name; }
  bool is_on(std::size_t index) const { return states_[index].on; }
  std::optional<std::size_t> find(std::string_view name) const;

  /// Sets it; after `for_seconds` it returns to the opposite. A new command replaces an older one's
  /// return. False when the board could not.
  bool command(std::size_t index, bool on, std::optional<std::uint32_t> for_seconds);

  /// Does what is due; true when a state changed. What the board refuses is tried again in a
  /// second.
  bool tick();
  /// The uptime at which tick() has something to do; kNever if nothing is pending.
  std::uint64_t next_due_ms() const;

 private:
  struct State {
    bool on = false;
    bool return_to = false;
    std::uint64_t return_ms = kNever;  // the end of `for`
    std::uint64_t limit_ms = kNever;   // the end of max_on_seconds
  };
  bool set(std::size_t index, bool on);

  const Actuator* list_;
  std::size_t count_;
  Hal& hal_;
  State states_[kMaxNodeActuators];
};

}  // namespace croft::core

// Switching, and switching back in time.
// SPDX-License-Identifier: Apache-2.0
#include "device/core/actuators.hpp"

namespace croft::core {
namespace {

constexpr std::uint64_t kRetryMs = 1000;

std::uint64_t earlier(std::uint64_t a, std::uint64_t b) { return a < b ? a : b; }

}  // namespace

Actuators::Actuators(const Actuator* list, std::size_t count, Hal& hal)
    : list_(list), count_(count < kMaxNodeActuators ? count : kMaxNodeActuators), hal_(hal) {}

void Actuators::start() {
  for (std::size_t i = 0; i < count_; ++i) {
    states_[i] = State{};
    const bool safe = list_[i].safe_on;
    if (!set(i, safe)) {
      hal_.log(Level::warning, "could not set an actuator to its safe state", list_[i].name);
      states_[i].on = !safe;
      states_[i].return_to = safe;
      states_[i].return_ms = hal_.uptime_ms() + kRetryMs;
    }
  }
}

std::optional<std::size_t> Actuators::find(std::string_view name) const {
  for (std::size_t i = 0; i < count_; ++i) {
    if (list_[i].name == name) return i;
  }
  return std::nullopt;
}

bool Actuators::command(std::size_t index, bool on, std::optional<std::uint32_t> for_seconds) {
  if (!set(index, on)) return false;
  State& state = states_[index];
  state.return_ms = kNever;
  if (for_seconds) {
    state.return_to = !on;
    state.return_ms = hal_.uptime_ms() + std::uint64_t{*for_seconds} * 1000;
  }
  return true;
}

// The stretch of being on starts when it goes on; being told "on" once more does not renew it.
bool Actuators::set(std::size_t index, bool on) {
  if (!hal_.set_actuator(index, on)) return false;
  State& state = states_[index];
  const std::uint32_t limit = list_[index].max_on_seconds;
  if (!on) {
    state.limit_ms = kNever;
  } else if (limit > 0 && (!state.on || state.limit_ms == kNever)) {
    state.limit_ms = hal_.uptime_ms() + std::uint64_t{limit} * 1000;
  }
  state.on = on;
  return true;
}

bool Actuators::tick() {
  bool changed = false;
  const std::uint64_t now = hal_.uptime_ms();
  for (std::size_t i = 0; i < count_; ++i) {
    State& state = states_[i];
    if (now >= state.limit_ms) {
      if (set(i, false)) {
        // A return to "off" is already done; a return to "on" would defeat the limit.
        state.return_ms = kNever;
        changed = true;
        hal_.log(Level::info, "switched off: on for as long as it may be", list_[i].name);
      } else {
        state.limit_ms = now + kRetryMs;
      }
    } else if (now >= state.return_ms) {
      if (set(i, state.return_to)) {
        state.return_ms = kNever;
        changed = true;
      } else {
        state.return_ms = now + kRetryMs;
      }
    }
  }
  return changed;
}

std::uint64_t Actuators::next_due_ms() const {
  std::uint64_t due = kNever;
  for (std::size_t i = 0; i < count_; ++i) {
    due = earlier(due, earlier(states_[i].return_ms, states_[i].limit_ms));
  }
  return due;
}

}  // namespace croft::core

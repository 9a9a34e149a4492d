// Three phases, and the few ways between them.
// SPDX-License-Identifier: Apache-2.0
#include "rules/machine.hpp"

#include <algorithm>

namespace croft::rules {
namespace {

bool is_beyond(const Condition& condition, double value) {
  return condition.kind == Kind::above ? value > condition.threshold : value < condition.threshold;
}

bool is_over(const Condition& condition, double value) {
  if (condition.hysteresis == 0) return !is_beyond(condition, value);
  return condition.kind == Kind::above ? value < condition.threshold - condition.hysteresis
                                       : value > condition.threshold + condition.hysteresis;
}

Transition fire(State& state, Instant at) {
  state.phase = Phase::firing;
  state.since = at;
  state.fired = at;
  return {Change::fired, at, state.last_value};
}

Transition clear(State& state, Instant at) {
  state.phase = Phase::inactive;
  state.since = at;
  return {Change::cleared, at, state.last_value};
}

}  // namespace

std::string_view to_string(Phase phase) {
  if (phase == Phase::firing) return "firing";
  return phase == Phase::pending ? "pending" : "inactive";
}

Phase phase_from(std::string_view word) {
  if (word == "firing") return Phase::firing;
  return word == "pending" ? Phase::pending : Phase::inactive;
}

State begin(Instant now) {
  State state;
  state.since = now;
  return state;
}

std::optional<Instant> due(const Condition& condition, const State& state) {
  const bool silent = condition.kind == Kind::silent;
  if (state.phase != (silent ? Phase::inactive : Phase::pending)) return std::nullopt;
  const Instant ready = state.since + (silent ? condition.no_data_for : condition.hold_for);
  if (!state.fired) return ready;
  return std::max(ready, *state.fired + condition.cooldown);
}

Transition tick(const Condition& condition, State& state, Instant now) {
  const auto at = due(condition, state);
  if (!at || *at > now) return {};
  return fire(state, *at);
}

Transition judge(const Condition& condition, State& state, Instant time, double value) {
  if (state.last_time && time < *state.last_time) return {};
  // Nothing happens before what was told already; the first reading may be a little older than the
  // trigger, since a node's clock may be behind.
  const bool first = !state.last_time && condition.kind != Kind::silent;
  state.last_time = time;
  state.last_value = value;
  if (first) state.since = time;
  time = std::max(time, state.since);
  if (condition.kind == Kind::silent) {
    if (state.phase == Phase::firing) return clear(state, time);
    state.since = time;
    return {};
  }
  if (state.phase == Phase::firing)
    return is_over(condition, value) ? clear(state, time) : Transition();
  const bool beyond = is_beyond(condition, value);
  if (beyond != (state.phase == Phase::pending)) {
    state.phase = beyond ? Phase::pending : Phase::inactive;
    state.since = time;
  }
  return tick(condition, state, time);
}

void resume(const Condition& condition, State& state, Instant now) {
  if (condition.kind == Kind::silent) {
    if (state.phase != Phase::firing) state.since = std::max(state.since, now);
    return;
  }
  const auto at = due(condition, state);
  if (!at || *at >= now - kLateAfter) return;
  state.phase = Phase::inactive;
  state.since = now;
}

}  // namespace croft::rules

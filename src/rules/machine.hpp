// The machine that judges readings: it says when a trigger fires and when that is over, each once.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string_view>

#include "base/clock.hpp"
#include "rules/condition.hpp"

namespace croft::rules {

// inactive: nothing is the matter. pending: the measurement is beyond the threshold, but not yet
// for long enough, or it is too soon after the last firing. firing: told, and not over yet.
enum class Phase { inactive, pending, firing };

std::string_view to_string(Phase);
Phase phase_from(std::string_view);  // of an unknown word: inactive

// Everything the machine remembers. Times are those of the readings.
struct State {
  Phase phase = Phase::inactive;
  Instant since{};                   // this phase; with Kind::silent, inactive: the last reading
  std::optional<Instant> fired;      // the last firing
  std::optional<Instant> last_time;  // of the newest reading judged
  std::optional<double> last_value;

  bool operator==(const State&) const = default;
};

enum class Change { none, fired, cleared };

struct Transition {
  Change change = Change::none;
  Instant at{};
  std::optional<double> value;  // the newest reading's; nothing when there was none
};

// Readings judged live count for nothing when they are older than this: what they tell is past.
constexpr std::chrono::minutes kLateAfter{5};

State begin(Instant now);
// When the trigger fires if no further reading comes; nothing when it does not.
std::optional<Instant> due(const Condition&, const State&);
// Time passes until `now` without a reading. Fires when due, at that very instant.
Transition tick(const Condition&, State&, Instant now);
// A reading, in the order of time: one older than the newest judged changes nothing. A value counts
// until the next reading, so call tick(time) before.
//   above 30 fires at > 30; with hysteresis 2 it is over at < 28, without at <= 30. Likewise below.
//   While pending, any value that is not beyond the threshold begins the wait anew.
Transition judge(const Condition&, State&, Instant time, double value);
// After a time in which nothing was heard (the server was down, its machine asleep): a wait that
// ended long before `now` begins anew, and silence counts from `now`. So nothing fires for the
// past.
void resume(const Condition&, State&, Instant now);

}  // namespace croft::rules

// For tests: a machine together with what it told, and conditions by the handful.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <utility>
#include <vector>

#include "rules/machine.hpp"

namespace croft::rules {

const Instant kNoon = instant_from_ms(1'763'812'800'000);

struct Sample {
  Instant time;
  double value;
};

// A machine with the transitions it told.
struct Trial {
  explicit Trial(Condition c, Instant start = kNoon)
      : condition(std::move(c)), state(begin(start)) {}

  void keep(const Transition& transition) {
    if (transition.change != Change::none) told.push_back(transition);
  }
  void pass(Instant now) { keep(tick(condition, state, now)); }
  void read(Instant time, double value) {
    pass(time);
    keep(judge(condition, state, time, value));
  }
  int fired() const {
    return static_cast<int>(std::ranges::count(told, Change::fired, &Transition::change));
  }
  int cleared() const { return static_cast<int>(told.size()) - fired(); }
  Change last() const { return told.empty() ? Change::none : told.back().change; }

  Condition condition;
  State state;
  std::vector<Transition> told;
};

inline Condition above(double threshold, double hysteresis = 0, Seconds hold = Seconds(0),
                       Seconds cooldown = Seconds(0)) {
  return {"temperature", Kind::above, threshold, hysteresis, hold, cooldown, Seconds(60)};
}
inline Condition silent(Seconds time) { return {"temperature", Kind::silent, 0, 0, {}, {}, time}; }

}  // namespace croft::rules

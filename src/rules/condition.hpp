// What a trigger waits for: a measurement beyond a threshold, or its silence.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "base/clock.hpp"
#include "base/json.hpp"

namespace croft::rules {

enum class Kind { above, below, silent };

std::string_view to_string(Kind);  // "above", "below", "silent"
Kind kind_from(std::string_view);  // of an unknown word: above

struct Condition {
  std::string measurement;  // booleans count as 0 and 1
  Kind kind = Kind::above;
  double threshold = 0;     // beyond it means strictly above, or strictly below
  double hysteresis = 0;    // how far back over the threshold it must come to be over
  Seconds hold_for{0};      // how long it must last before it fires
  Seconds cooldown{0};      // the least time between two firings
  Seconds no_data_for{60};  // silent: without a reading of the measurement for so long

  bool operator==(const Condition&) const = default;
};

enum class Scope {
  whole,    // measurement and one of above, below and noDataFor are required
  changes,  // what is there replaces what was
};
// Reads "measurement", "above" | "below" | "noDataFor", "hysteresis", "holdFor" and "cooldown";
// mistakes are noted in `in`.
void read_condition(JsonFields& in, Scope, Condition&);
// Writes the same members into an open object, those that apply.
void write_condition(JsonWriter&, const Condition&);
// "above 30", "no data for 10 min"
std::string describe_limit(const Condition&);
// "temperature above 30", "humidity: no data for 10 min"
std::string describe(const Condition&);
// "10 min", "90 s", "2 h", "1 d": whole, in the largest unit that is.
std::string spell(Seconds);

}  // namespace croft::rules

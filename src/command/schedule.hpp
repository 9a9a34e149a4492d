// When a repeating schedule is due next: days and a local time in a zone, through every change of
// the clocks.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"

namespace croft::command {

// Pure: no clock, no database; any thread. A local time that the clocks skip counts as the first
// instant after the gap; one that occurs twice is the first of the two.
struct Schedule {
  static constexpr unsigned kDaily = 0b1111111;

  unsigned days = kDaily;  // bit 0 is Monday, bit 6 Sunday; never 0
  int minute = 0;          // of the local day: 390 is 06:30
  std::string zone;        // an IANA name

  bool operator==(const Schedule&) const = default;
};

// The first due instant after `after`, both exact. Nothing when the zone is not known here.
std::optional<Instant> next_due(const Schedule&, Instant after);

bool is_zone(const std::string& name);

// "06:30" <-> 390; nothing when it is not HH:MM.
std::optional<int> minute_of_day(std::string_view text);
std::string clock_text(int minute);
// "mon" is 0, "sun" is 6.
std::optional<unsigned> weekday_number(std::string_view name);
std::vector<std::string_view> weekday_names(unsigned days);

}  // namespace croft::command

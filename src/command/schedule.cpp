// Schedules with Howard Hinnant's time zones.
// SPDX-License-Identifier: Apache-2.0
#include "command/schedule.hpp"

#include <date/tz.h>

#include <array>
#include <stdexcept>

namespace croft::command {
namespace {

constexpr std::array<std::string_view, 7> kWeekdays = {"mon", "tue", "wed", "thu",
                                                       "fri", "sat", "sun"};
// Looked at around the local day of `after`: a day before, for what a gap pushed into the next day,
// and enough after it to meet each weekday and one that was skipped as a whole.
constexpr int kDaysBefore = 2;
constexpr int kDaysAfter = 9;

const date::time_zone* zone_called(const std::string& name) {
  try {
    return date::locate_zone(name);
  } catch (const std::runtime_error&) {
    return nullptr;
  }
}

bool on(unsigned days, date::local_days day) {
  return (days >> (date::weekday(day).iso_encoding() - 1) & 1U) != 0;
}

}  // namespace

std::optional<Instant> next_due(const Schedule& schedule, Instant after) {
  const auto* zone = zone_called(schedule.zone);
  if (zone == nullptr || (schedule.days & Schedule::kDaily) == 0) return std::nullopt;
  const auto now = date::floor<date::days>(zone->to_local(std::chrono::floor<Seconds>(after)));
  std::optional<Instant> next;
  for (int ahead = -kDaysBefore; ahead <= kDaysAfter; ++ahead) {
    const date::local_days day = now + date::days(ahead);
    if (!on(schedule.days, day)) continue;
    // "Earliest" is what is wanted of both: the first of two, and the end of a gap.
    const Instant at =
        zone->to_sys(day + std::chrono::minutes(schedule.minute), date::choose::earliest);
    if (at > after && (!next || at < *next)) next = at;
  }
  return next;
}

bool is_zone(const std::string& name) { return zone_called(name) != nullptr; }

std::optional<int> minute_of_day(std::string_view text) {
  const auto digit = [&](std::size_t at) { return text[at] >= '0' && text[at] <= '9'; };
  if (text.size() != 5 || text[2] != ':' || !digit(0) || !digit(1) || !digit(3) || !digit(4))
    return std::nullopt;
  const int hour = (text[0] - '0') * 10 + (text[1] - '0');
  const int minute = (text[3] - '0') * 10 + (text[4] - '0');
  if (hour > 23 || minute > 59) return std::nullopt;
  return hour * 60 + minute;
}

std::string clock_text(int minute) {
  const int hour = minute / 60;
  minute %= 60;
  return {static_cast<char>('0' + hour / 10), static_cast<char>('0' + hour % 10), ':',
          static_cast<char>('0' + minute / 10), static_cast<char>('0' + minute % 10)};
}

std::optional<unsigned> weekday_number(std::string_view name) {
  for (unsigned day = 0; day < kWeekdays.size(); ++day)
    if (kWeekdays[day] == name) return day;
  return std::nullopt;
}

std::vector<std::string_view> weekday_names(unsigned days) {
  std::vector<std::string_view> names;
  for (unsigned day = 0; day < kWeekdays.size(); ++day)
    if ((days >> day & 1U) != 0) names.push_back(kWeekdays[day]);
  return names;
}

}  // namespace croft::command

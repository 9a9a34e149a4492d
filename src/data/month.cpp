// Months by the proleptic Gregorian calendar.
// SPDX-License-Identifier: Apache-2.0
#include "data/month.hpp"

#include <algorithm>
#include <chrono>
#include <cstdio>

namespace croft::data {
namespace {

std::int64_t first_ms(std::chrono::year_month month) {
  const std::chrono::sys_days day(month / 1);
  return std::chrono::duration_cast<Milliseconds>(day.time_since_epoch()).count();
}

}  // namespace

db::Part month_of(std::string_view table, std::int64_t time_ms) {
  constexpr std::int64_t kLast = 253'402'300'799'999;  // of the year 9999
  const auto time = instant_from_ms(std::clamp<std::int64_t>(time_ms, 0, kLast));
  const auto day = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::year_month_day date(day);
  const auto month = date.year() / date.month();
  char name[32];
  std::snprintf(name, sizeof name, "%04d_%02u", static_cast<int>(date.year()),
                static_cast<unsigned>(date.month()));
  return {table, name, first_ms(month), first_ms(month + std::chrono::months(1))};
}

}  // namespace croft::data

// Tests of schedules: the changes of clocks by hand, and every zone against Python's time zones.
// SPDX-License-Identifier: Apache-2.0
#include "command/schedule.hpp"

#include <gtest/gtest.h>

#include <cstdio>
#include <cstdlib>
#include <set>
#include <sstream>

namespace croft::command {
namespace {

Instant at(std::string_view text) { return parse_instant(text).value(); }

std::string next(const Schedule& schedule, std::string_view after) {
  const auto due = next_due(schedule, at(after));
  return due ? format_instant(*due) : "never";
}

Schedule daily(int hour, int minute, const char* zone = "Europe/Paris") {
  return {Schedule::kDaily, hour * 60 + minute, zone};
}

}  // namespace

TEST(Schedule, IsDueAtTheLocalTimeOfItsZone) {
  EXPECT_EQ(next(daily(6, 30), "2026-01-15T00:00:00Z"), "2026-01-15T05:30:00.000Z");
  EXPECT_EQ(next(daily(6, 30), "2026-07-15T00:00:00Z"), "2026-07-15T04:30:00.000Z");
  EXPECT_EQ(next(daily(6, 30, "Asia/Kathmandu"), "2026-07-15T00:00:00Z"),
            "2026-07-15T00:45:00.000Z");
}

TEST(Schedule, IsDueAfterTheGivenInstantNeverAtIt) {
  EXPECT_EQ(next(daily(6, 30), "2026-01-15T05:29:59.999Z"), "2026-01-15T05:30:00.000Z");
  EXPECT_EQ(next(daily(6, 30), "2026-01-15T05:30:00Z"), "2026-01-16T05:30:00.000Z");
}

TEST(Schedule, KeepsToItsWeekdays) {
  Schedule weekend = daily(8, 0);
  weekend.days = 0b1100000;
  EXPECT_EQ(next(weekend, "2026-11-23T00:00:00Z"), "2026-11-28T07:00:00.000Z");  // from a Monday
  EXPECT_EQ(next(weekend, "2026-11-28T07:00:00Z"), "2026-11-29T07:00:00.000Z");
  EXPECT_EQ(next(weekend, "2026-11-29T07:00:00Z"), "2026-12-05T07:00:00.000Z");
}

TEST(Schedule, RunsOnceAfterTheGapWhenItsTimeDoesNotExist) {
  const auto half_past_two = daily(2, 30);
  EXPECT_EQ(next(half_past_two, "2026-03-28T12:00:00Z"), "2026-03-29T01:00:00.000Z");
  EXPECT_EQ(next(half_past_two, "2026-03-29T01:00:00Z"), "2026-03-30T00:30:00.000Z");
}

TEST(Schedule, RunsOnceAtTheFirstOfTwo) {
  const auto half_past_two = daily(2, 30);
  EXPECT_EQ(next(half_past_two, "2026-10-24T12:00:00Z"), "2026-10-25T00:30:00.000Z");
  EXPECT_EQ(next(half_past_two, "2026-10-25T00:30:00Z"), "2026-10-26T01:30:00.000Z");
}

TEST(Schedule, RunsAfterADayThatASkippedDateLineSwallowed) {
  // Samoa had no 30 December 2011.
  EXPECT_EQ(next(daily(12, 0, "Pacific/Apia"), "2011-12-30T00:00:00Z"), "2011-12-30T10:00:00.000Z");
  EXPECT_EQ(next(daily(12, 0, "Pacific/Apia"), "2011-12-30T10:00:00Z"), "2011-12-30T22:00:00.000Z");
}

TEST(Schedule, IsNeverDueInAZoneThatDoesNotExist) {
  EXPECT_EQ(next(daily(6, 30, "Europe/Atlantis"), "2026-01-15T00:00:00Z"), "never");
  EXPECT_FALSE(is_zone("Europe/Atlantis"));
  EXPECT_FALSE(is_zone("../../etc/passwd"));
  EXPECT_TRUE(is_zone("Europe/Paris"));
  EXPECT_TRUE(is_zone("UTC"));
}

TEST(Schedule, ReadsAndWritesTimesAndDays) {
  EXPECT_EQ(minute_of_day("06:30"), 390);
  EXPECT_EQ(minute_of_day("23:59"), 1439);
  for (const auto* wrong : {"24:00", "6:30", "06:60", "06-30", "", "06:300", "+6:30"})
    EXPECT_FALSE(minute_of_day(wrong)) << wrong;
  for (int minute = 0; minute < 1440; ++minute)
    EXPECT_EQ(minute_of_day(clock_text(minute)), minute);
  EXPECT_EQ(weekday_number("sun"), 6U);
  EXPECT_FALSE(weekday_number("Sunday"));
  EXPECT_EQ(weekday_names(0b1000001), (std::vector<std::string_view>{"mon", "sun"}));
}

// Also with CROFT_LONG=1, then around every change of every zone.
TEST(Schedule, AgreesWithPythonsTimeZonesEverywhere) {
  const bool full = std::getenv("CROFT_LONG") != nullptr;
  std::FILE* oracle = ::popen(full ? "python3 src/command/schedule_oracle.py full"
                                   : "python3 src/command/schedule_oracle.py",
                              "r");
  ASSERT_NE(oracle, nullptr);
  int questions = 0;
  int wrong = 0;
  std::set<std::string> zones;
  for (char line[200]; std::fgets(line, sizeof line, oracle) != nullptr;) {
    std::istringstream fields(line);
    Schedule schedule;
    std::int64_t after = 0;
    std::int64_t due = 0;
    fields >> schedule.zone >> schedule.days >> schedule.minute >> after >> due;
    ASSERT_TRUE(fields) << line;
    zones.insert(schedule.zone);
    ++questions;
    const auto answer = next_due(schedule, instant_from_ms(after * 1000));
    if (answer == instant_from_ms(due * 1000)) continue;
    if (++wrong <= 20)
      ADD_FAILURE() << line << "answered "
                    << (answer ? std::to_string(to_ms(*answer) / 1000) : "never");
  }
  EXPECT_EQ(::pclose(oracle), 0) << "python3 ended badly";
  EXPECT_EQ(wrong, 0);
  EXPECT_GT(questions, full ? 150'000 : 10'000);  // how many depends on the tzdata installed
  EXPECT_GT(zones.size(), 400U);
  RecordProperty("questions", questions);
  std::printf("%d questions about %zu zones, %d wrong answers\n", questions, zones.size(), wrong);
}

}  // namespace croft::command

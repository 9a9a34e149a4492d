// Tests of the time ranges that requests ask for.
// SPDX-License-Identifier: Apache-2.0
#include "data/time_range.hpp"

#include <gtest/gtest.h>

namespace croft::data {
namespace {

using std::chrono::hours;

http::Query query(std::initializer_list<std::pair<const std::string, std::string>> values) {
  http::Query query;
  query.values.insert(values);
  return query;
}

struct Answer {
  std::string from;
  std::string to;
  std::vector<FieldError> mistakes;
  Milliseconds length{0};
};

template <class F>
Answer answer(const http::Query& query, F read) {
  Parameters parameters(query);
  const TimeRange range = read(parameters);
  const auto error = parameters.error();
  return {format_instant(range.from), format_instant(range.to),
          error ? error->fields : std::vector<FieldError>{}, range.to - range.from};
}

Answer ask(std::initializer_list<std::pair<const std::string, std::string>> values) {
  return answer(query(values), [](Parameters& p) { return read_range(p); });
}

std::string culprit(std::initializer_list<std::pair<const std::string, std::string>> values) {
  const auto mistakes = ask(values).mistakes;
  return mistakes.empty() ? "" : mistakes.front().field;
}

}  // namespace

TEST(TimeRange, TakesADateAsAWholeDayInUtc) {
  const auto day = ask({{"date", "2026-11-22"}});
  EXPECT_EQ(day.from, "2026-11-22T00:00:00.000Z");
  EXPECT_EQ(day.to, "2026-11-23T00:00:00.000Z");
}

TEST(TimeRange, KnowsThatADayInParisMayHave23Or25Hours) {
  const auto spring = ask({{"date", "2026-03-29"}, {"tz", "Europe/Paris"}});
  EXPECT_EQ(spring.from, "2026-03-28T23:00:00.000Z");
  EXPECT_EQ(spring.to, "2026-03-29T22:00:00.000Z");
  EXPECT_EQ(spring.length, hours(23));
  const auto autumn = ask({{"date", "2026-10-25"}, {"tz", "Europe/Paris"}});
  EXPECT_EQ(autumn.from, "2026-10-24T22:00:00.000Z");
  EXPECT_EQ(autumn.to, "2026-10-25T23:00:00.000Z");
  EXPECT_EQ(autumn.length, hours(25));
}

TEST(TimeRange, StartsADayWithoutMidnightWhenTheClocksGoForward) {
  // In Beirut the clocks went from 00:00 to 01:00 on 2024-03-31.
  const auto day = ask({{"date", "2024-03-31"}, {"tz", "Asia/Beirut"}});
  EXPECT_EQ(day.from, "2024-03-30T22:00:00.000Z");
  EXPECT_EQ(day.length, hours(23));
}

TEST(TimeRange, TakesInstantsAndPlainDates) {
  const auto range = ask({{"from", "2026-11-22"},
                          {"to", "2026-11-22T18:30:00.250+02:00"},
                          {"tz", "America/New_York"}});
  EXPECT_EQ(range.from, "2026-11-22T05:00:00.000Z");
  EXPECT_EQ(range.to, "2026-11-22T16:30:00.250Z");
  EXPECT_TRUE(range.mistakes.empty());
}

TEST(TimeRange, UnderstandsAnOffsetWhosePlusBecameASpace) {
  EXPECT_EQ(ask({{"from", "2026-11-22T18:00:00 01:00"}}).from, "2026-11-22T17:00:00.000Z");
}

TEST(TimeRange, LeavesTheOtherEndOpen) {
  EXPECT_GT(ask({{"from", "2026-11-22"}}).length, hours(24 * 365 * 7900));
  EXPECT_EQ(ask({{"to", "2026-11-22"}}).from, "0000-01-01T00:00:00.000Z");
}

TEST(TimeRange, NamesTheCulprit) {
  EXPECT_EQ(culprit({}), "date");
  EXPECT_EQ(culprit({{"date", "2026-02-30"}}), "date");
  EXPECT_EQ(culprit({{"date", "22.11.2026"}}), "date");
  EXPECT_EQ(culprit({{"date", "2026-11-22"}, {"from", "2026-11-22"}}), "date");
  EXPECT_EQ(culprit({{"from", "yesterday"}}), "from");
  EXPECT_EQ(culprit({{"from", "2026-11-22"}, {"to", "2026-13-01"}}), "to");
  EXPECT_EQ(culprit({{"from", "2026-11-23"}, {"to", "2026-11-22"}}), "from");
  EXPECT_EQ(culprit({{"date", "2026-11-22"}, {"tz", "Mars/Olympus"}}), "tz");
  EXPECT_EQ(culprit({{"date", "2026-11-22"}, {"tz", ""}}), "tz");
  EXPECT_EQ(culprit({{"date", "2026-11-22"}, {"tz", "../../etc/passwd"}}), "tz");
}

TEST(TimeRange, CollectsEveryMistake) {
  EXPECT_EQ(ask({{"from", "x"}, {"to", "y"}, {"tz", "z"}}).mistakes.size(), 3U);
}

TEST(TimeRange, IsTheLastDayWhenNothingIsAsked) {
  const auto now = *parse_instant("2026-11-22T12:00:00Z");
  const auto range = answer(query({}), [&](Parameters& p) { return read_recent_range(p, now); });
  EXPECT_EQ(range.from, "2026-11-21T12:00:00.000Z");
  EXPECT_EQ(range.to, "2026-11-22T12:00:00.000Z");
  const auto before = answer(query({{"to", "2026-11-01"}}),
                             [&](Parameters& p) { return read_recent_range(p, now); });
  EXPECT_EQ(before.from, "2026-10-31T00:00:00.000Z");
}

}  // namespace croft::data

// Tests of instants as text and as numbers.
// SPDX-License-Identifier: Apache-2.0
#include "protocol/time_codec.hpp"

#include <gtest/gtest.h>

#include <limits>
#include <string>

namespace croft::protocol {
namespace {

std::string written(std::int64_t ms) {
  char buffer[kTimeBytes];
  return std::string(write_time(ms, buffer));
}

TEST(Time, KnownInstantsAreReadAndWritten) {
  EXPECT_EQ(parse_time("1970-01-01T00:00:00Z"), 0);
  EXPECT_EQ(parse_time("2026-11-22T13:00:00Z"), 1795352400000);
  EXPECT_EQ(parse_time("2000-02-29T23:59:59.999Z"), 951868799999);
  EXPECT_EQ(parse_time("1969-12-31T23:59:59.999Z"), -1);
  EXPECT_EQ(written(1795352400000), "2026-11-22T13:00:00.000Z");
  EXPECT_EQ(written(-1), "1969-12-31T23:59:59.999Z");
  EXPECT_EQ(written(kMinEpochMs), "0000-01-01T00:00:00.000Z");
  EXPECT_EQ(written(kMaxEpochMs), "9999-12-31T23:59:59.999Z");
}

TEST(Time, OffsetsMoveTheInstant) {
  EXPECT_EQ(parse_time("2026-11-22T14:00:00+01:00"), 1795352400000);
  EXPECT_EQ(parse_time("2026-11-22T07:30:00-05:30"), 1795352400000);
  EXPECT_EQ(parse_time("2026-11-22t13:00:00z"), 1795352400000);
  EXPECT_EQ(parse_time("2026-11-22 13:00:00-00:00"), 1795352400000);
}

TEST(Time, FractionsAreCutToMilliseconds) {
  EXPECT_EQ(parse_time("1970-01-01T00:00:00.5Z"), 500);
  EXPECT_EQ(parse_time("1970-01-01T00:00:00.0019999999999999Z"), 1);
  EXPECT_EQ(parse_time("1970-01-01T00:00:00.123456789+00:00"), 123);
}

TEST(Time, ALeapSecondIsTheFollowingSecond) {
  EXPECT_EQ(parse_time("2016-12-31T23:59:60Z"), parse_time("2017-01-01T00:00:00Z"));
  EXPECT_EQ(parse_time("2016-12-31T23:59:60.9Z"), parse_time("2017-01-01T00:00:00Z"));
}

TEST(Time, EveryDayOfEightHundredYearsComesBack) {
  std::int64_t expected = *parse_time("1600-01-01T12:34:56.789Z");
  for (int day = 0; day < 292194; ++day, expected += 86400000) {
    ASSERT_EQ(parse_time(written(expected)), expected) << written(expected);
  }
  EXPECT_EQ(written(expected), "2400-01-01T12:34:56.789Z");
}

TEST(Time, WhatIsNotAnInstantIsRefused) {
  for (const char* text : {"",
                           "2026",
                           "2026-11-22",
                           "2026-11-22T13:00:00",
                           "2026-11-22T13:00Z",
                           "20261122T130000Z",
                           "2026-13-01T00:00:00Z",
                           "2026-00-01T00:00:00Z",
                           "2026-02-29T00:00:00Z",
                           "1900-02-29T00:00:00Z",
                           "2026-04-31T00:00:00Z",
                           "2026-01-00T00:00:00Z",
                           "2026-01-01T24:00:00Z",
                           "2026-01-01T00:60:00Z",
                           "2026-01-01T00:00:61Z",
                           "2026-01-01T00:00:00.Z",
                           "2026-01-01T00:00:00+1:00",
                           "2026-01-01T00:00:00+01",
                           "2026-01-01T00:00:00+24:00",
                           "2026-01-01T00:00:00+00:60",
                           "2026-01-01T00:00:00Z ",
                           " 2026-01-01T00:00:00Z",
                           "2026-01-01T00:00:00ZZ",
                           "-026-01-01T00:00:00Z",
                           "+2026-01-01T00:00:00Z",
                           "0000-01-01T00:00:00+00:01",
                           "9999-12-31T23:59:59-00:01",
                           "2026-01-01T00:00:00,5Z",
                           "2026/01/01T00:00:00Z"}) {
    EXPECT_FALSE(parse_time(text)) << text;
  }
}

TEST(Time, NumbersAreToldApartByMagnitude) {
  EXPECT_EQ(time_from_number(1795352400), 1795352400000);
  EXPECT_EQ(time_from_number(1795352400000), 1795352400000);
  EXPECT_EQ(time_from_number(1795352400.25), 1795352400250);
  EXPECT_EQ(time_from_number(0), 0);
  EXPECT_EQ(time_from_number(-1), -1000);
  EXPECT_EQ(time_from_number(99999999999.0), 99999999999000);
  EXPECT_EQ(time_from_number(1e11), 100000000000);
}

TEST(Time, MadNumbersAreClampedRatherThanOverflowing) {
  EXPECT_EQ(time_from_number(1e300), kMaxEpochMs);
  EXPECT_EQ(time_from_number(-1e300), kMinEpochMs);
  EXPECT_EQ(time_from_number(1795352400000000), kMaxEpochMs);  // microseconds
  EXPECT_EQ(written(std::numeric_limits<std::int64_t>::max()), written(kMaxEpochMs));
  EXPECT_EQ(written(std::numeric_limits<std::int64_t>::min()), written(kMinEpochMs));
}

}  // namespace
}  // namespace croft::protocol

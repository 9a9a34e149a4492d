// Tests of an hour in a few bytes.
// SPDX-License-Identifier: Apache-2.0
#include "data/rollup.hpp"

#include <gtest/gtest.h>

#include <vector>

#include "data/value_codec.hpp"

namespace croft::data {
namespace {

std::string values(std::vector<CodedValue> coded) {
  std::string text;
  encode_values(text, false, coded);
  return text;
}

TEST(Rollup, CountsHoursFromTheEpochInBothDirections) {
  EXPECT_EQ(hour_of(0), 0);
  EXPECT_EQ(hour_of(kHourMs - 1), 0);
  EXPECT_EQ(hour_of(kHourMs), 1);
  EXPECT_EQ(hour_of(-1), -1);
  EXPECT_EQ(hour_of(-kHourMs), -1);
}

TEST(Rollup, KeepsExtremesSumAndCountOfEachMeasurement) {
  HourBuilder builder;
  builder.add(values({{1, 21.5}, {3, 1, true}}));
  builder.add(values({{1, -4.25}, {2, 1e300}}));
  builder.add(values({{1, 7}, {3, 0, true}}));
  const auto hour = builder.encode();
  Rolled found;
  ASSERT_TRUE(find_rolled(hour, 1, found));
  EXPECT_EQ(found, (Rolled{-4.25, 21.5, 24.25, 3}));
  ASSERT_TRUE(find_rolled(hour, 2, found));
  EXPECT_EQ(found, (Rolled{1e300, 1e300, 1e300, 1}));
  ASSERT_TRUE(find_rolled(hour, 3, found));
  EXPECT_EQ(found, (Rolled{0, 1, 1, 2}));
}

TEST(Rollup, FindsNothingOfWhatWasNotMeasuredOrIsDamaged) {
  HourBuilder builder;
  builder.add(values({{2, 1}, {5, 2}}));
  const auto hour = builder.encode();
  Rolled found;
  for (const std::uint32_t id : {1U, 3U, 4U, 6U}) EXPECT_FALSE(find_rolled(hour, id, found)) << id;
  EXPECT_FALSE(find_rolled("", 2, found));
  EXPECT_FALSE(find_rolled(HourBuilder().encode(), 2, found));
  for (std::size_t bytes = 0; bytes < hour.size(); ++bytes)
    EXPECT_FALSE(find_rolled(hour.substr(0, bytes), 5, found)) << bytes;
}

TEST(Rollup, TakesLittleRoom) {
  HourBuilder builder;
  for (int i = 0; i < 3600; ++i)
    builder.add(values({{1, 20 + (i % 50) / 10.0}, {2, 40.0 + i % 7}, {3, 500.0 + i % 100}}));
  EXPECT_LE(builder.encode().size(), 60U);
  HourBuilder quiet;
  quiet.add(values({{1, 20.5}, {2, 40}, {3, 512}}));
  EXPECT_LE(quiet.encode().size(), 12U);
}

}  // namespace
}  // namespace croft::data

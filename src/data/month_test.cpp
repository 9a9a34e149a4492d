// Tests of the months that readings lie in.
// SPDX-License-Identifier: Apache-2.0
#include "data/month.hpp"

#include <gtest/gtest.h>

namespace croft::data {
namespace {

std::int64_t ms(const char* text) { return to_ms(*parse_instant(text)); }

}  // namespace

TEST(Month, ReachesFromItsFirstMillisecondToTheNext) {
  const auto leap = month_of("readings", ms("2024-02-29T12:00:00Z"));
  EXPECT_EQ(leap.name, "2024_02");
  EXPECT_EQ(leap.from, ms("2024-02-01T00:00:00Z"));
  EXPECT_EQ(leap.before, ms("2024-03-01T00:00:00Z"));
  EXPECT_EQ(month_of("readings", leap.from).name, leap.name);
  EXPECT_EQ(month_of("readings", leap.before - 1).name, leap.name);
  EXPECT_EQ(month_of("readings", leap.before).name, "2024_03");
}

TEST(Month, KnowsTheTurnOfTheYear) {
  const auto december = month_of("readings", ms("2025-12-31T23:59:59.999Z"));
  EXPECT_EQ(december.name, "2025_12");
  EXPECT_EQ(december.before, ms("2026-01-01T00:00:00Z"));
  EXPECT_EQ(month_of("readings", december.before).name, "2026_01");
}

}  // namespace croft::data

// Tests of the counts from which percentiles are told.
// SPDX-License-Identifier: Apache-2.0
#include "load/percentiles.hpp"

#include <gtest/gtest.h>

namespace croft::load {
namespace {

TEST(Percentiles, AreExactBelowOneHundredAndTwentyEight) {
  Percentiles some;
  for (int us = 0; us < 100; ++us) some.add(us);
  EXPECT_EQ(some.at(0), 0U);
  EXPECT_EQ(some.at(0.5), 50U);
  EXPECT_EQ(some.at(0.99), 99U);
  EXPECT_EQ(some.at(1), 99U);
}

TEST(Percentiles, AreNeverTooSmallAndAtMostTwoInAHundredTooLarge) {
  for (std::int64_t us = 1; us < 86'400'000'000; us = us * 11 / 10 + 1) {
    Percentiles one;
    one.add(us);
    one.add(86'400'000'000);  // so that the largest does not cut the answer
    const auto told = static_cast<double>(one.at(0.1));
    EXPECT_GE(told, static_cast<double>(us));
    EXPECT_LE(told, static_cast<double>(us) * 1.02 + 1);
  }
}

TEST(Percentiles, TellTheLargestAsItWas) {
  Percentiles some;
  some.add(1'000'003);
  some.add(5);
  EXPECT_EQ(some.at(0.999), 1'000'003U);
  EXPECT_EQ(some.json(), R"({"p50":1000.00,"p99":1000.00,"p999":1000.00,"max":1000.00})");
}

TEST(Percentiles, BearNegativeAndEndlessDurations) {
  Percentiles some;
  some.add(-5);
  some.add(std::int64_t{1} << 62);
  EXPECT_EQ(some.count(), 2U);
  EXPECT_EQ(some.at(0), 0U);
  EXPECT_EQ(some.at(1), 86'400'000'000U);
}

}  // namespace
}  // namespace croft::load

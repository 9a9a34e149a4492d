// Tests of the greenhouse: a day must look like a day.
// SPDX-License-Identifier: Apache-2.0
#include "device/sim/climate.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <vector>

namespace croft::sim {
namespace {

constexpr std::int64_t kMidnight = 1795305600000;  // 2026-11-22T00:00:00Z
constexpr std::int64_t kHour = 3'600'000;

struct Day {
  std::vector<float> temperature, humidity, soil;  // one a minute
  double mean(const std::vector<float>& of, int hour) const {
    double sum = 0;
    for (int i = 0; i < 60; ++i) sum += of.at(hour * 60 + i);
    return sum / 60;
  }
};

Day live(Plot& plot, const Sky& sky, std::int64_t from, Influence influence = {},
         int minutes = 1440) {
  Day day;
  for (int i = 0; i < minutes; ++i) {
    plot.advance(sky, from + i * 60'000, influence);
    day.temperature.push_back(plot.temperature());
    day.humidity.push_back(plot.humidity());
    day.soil.push_back(plot.soil_moisture());
  }
  return day;
}

TEST(Climate, TheSunRisesAtSixAndSetsAtSix) {
  const Sky sky(1);
  EXPECT_EQ(sky.sun(kMidnight), 0);
  EXPECT_EQ(sky.sun(kMidnight + 5 * kHour), 0);
  EXPECT_GT(sky.sun(kMidnight + 12 * kHour), 0.4);
  EXPECT_LE(sky.sun(kMidnight + 12 * kHour), 1);
  EXPECT_EQ(sky.sun(kMidnight + 19 * kHour), 0);
  EXPECT_GT(sky.outside(kMidnight + 15 * kHour), sky.outside(kMidnight + 3 * kHour) + 8);
}

TEST(Climate, DaysAreWarmAndDryNightsCoolAndMoist) {
  for (std::uint32_t number = 0; number < 20; ++number) {
    const Sky sky(7);
    Plot plot(7, number);
    const Day day = live(plot, sky, kMidnight);
    EXPECT_GT(day.mean(day.temperature, 13), day.mean(day.temperature, 3) + 3) << number;
    EXPECT_LT(day.mean(day.humidity, 13), day.mean(day.humidity, 3) - 5) << number;
  }
}

TEST(Climate, StaysWithinWhatTheSensorsCanShow) {
  for (std::uint32_t number = 0; number < 10; ++number) {
    const Sky sky(number);
    Plot plot(3, number);
    for (int day = 0; day < 30; ++day) {
      const Day seen = live(plot, sky, kMidnight + day * 24 * kHour, {day % 2 == 0, day % 5 == 0});
      const auto [cold, hot] =
          std::minmax_element(seen.temperature.begin(), seen.temperature.end());
      const auto [dry, moist] = std::minmax_element(seen.humidity.begin(), seen.humidity.end());
      const auto [low, high] = std::minmax_element(seen.soil.begin(), seen.soil.end());
      EXPECT_GT(*cold, 5);
      EXPECT_LT(*hot, 40);
      EXPECT_GE(*dry, 10);
      EXPECT_LE(*moist, 100);
      EXPECT_GE(*low, 150);
      EXPECT_LE(*high, 1023);
    }
  }
}

TEST(Climate, ReadingsMoveLikeASensorsAndNotLikeNoise) {
  const Sky sky(2);
  Plot plot(2, 0);
  const Day day = live(plot, sky, kMidnight);
  int changes = 0;
  for (std::size_t i = 1; i < day.temperature.size(); ++i) {
    EXPECT_LT(std::abs(day.temperature[i] - day.temperature[i - 1]), 2.5) << "at minute " << i;
    EXPECT_LT(std::abs(day.humidity[i] - day.humidity[i - 1]), 8) << "at minute " << i;
    if (day.temperature[i] != day.temperature[i - 1]) ++changes;
    EXPECT_NEAR(day.temperature[i] * 10, std::round(day.temperature[i] * 10), 1e-3);
    EXPECT_EQ(day.humidity[i], std::round(day.humidity[i]));
    EXPECT_EQ(day.soil[i], std::round(day.soil[i]));
  }
  EXPECT_GT(changes, 700);
}

TEST(Climate, TheSoilDriesUntilTheGardenerComes) {
  const Sky sky(4);
  Plot plot(4, 1);
  live(plot, sky, kMidnight);  // the gardener has been there
  const Day day = live(plot, sky, kMidnight + 24 * kHour);
  EXPECT_LT(day.mean(day.soil, 23), day.mean(day.soil, 9) - 30);
  EXPECT_GT(day.mean(day.soil, 9), day.mean(day.soil, 5) + 30);
}

TEST(Climate, ThePumpWatersAndTheLampWarms) {
  const Sky sky(5);
  Plot plot(5, 2);
  const Day before = live(plot, sky, kMidnight, {}, 60);
  const Day watered = live(plot, sky, kMidnight + kHour, {false, true}, 2);
  EXPECT_GT(watered.soil.back(), before.soil.back() + 100);
  const Day lit = live(plot, sky, kMidnight + 2 * kHour, {true, false}, 10);
  EXPECT_GT(lit.temperature.back(), before.temperature.back() + 1.5);
}

TEST(Climate, TheSameSeedGivesTheSameDayAndNodesDiffer) {
  const Sky sky(6);
  Plot a(6, 0), again(6, 0), b(6, 1);
  const Day one = live(a, sky, kMidnight, {}, 60);
  const Day same = live(again, sky, kMidnight, {}, 60);
  const Day other = live(b, sky, kMidnight, {}, 60);
  EXPECT_EQ(one.temperature, same.temperature);
  EXPECT_NE(one.temperature, other.temperature);
}

TEST(Climate, AClockThatJumpsDoesNoHarm) {
  const Sky sky(8);
  Plot plot(8, 0);
  plot.advance(sky, kMidnight, {});
  for (std::int64_t at : {kMidnight + 9000 * 24 * kHour, kMidnight - 400 * 24 * kHour,
                          std::int64_t{1}, std::int64_t{-86'400'000}}) {
    plot.advance(sky, at, {true, true});
    EXPECT_GT(plot.temperature(), 0);
    EXPECT_LT(plot.temperature(), 45);
    EXPECT_LE(plot.soil_moisture(), 1023);
  }
}

}  // namespace
}  // namespace croft::sim

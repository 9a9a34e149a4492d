// Tests of the points of a chart.
// SPDX-License-Identifier: Apache-2.0
#include "data/series.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "data/batch_store.hpp"
#include "data/migrations.hpp"
#include "data/test_parts.hpp"
#include "db/test_database.hpp"
#include "mqtt/test_broker.hpp"

namespace croft::data {
namespace {

const TimeRange kHour{kNoon, kNoon + std::chrono::hours(1)};

TEST(Series, GivesEachReadingAsItsOwnPointWhenThereAreFew) {
  SeriesBuilder series(kHour, 3);
  for (int i = 0; i < 3; ++i) series.add(to_ms(kNoon) + i * 7, i);
  ASSERT_EQ(series.points().size(), 3U);
  EXPECT_EQ(series.resolution(), Milliseconds(0));
  EXPECT_EQ(series.points()[1].time_ms, to_ms(kNoon) + 7);
  EXPECT_EQ(series.points()[1].least, 1);
  EXPECT_EQ(series.points()[1].most, 1);
}

TEST(Series, FoldsManyReadingsAndKeepsTheExtremes) {
  SeriesBuilder series(kHour, 4);
  for (int i = 0; i < 3600; ++i) series.add(to_ms(kNoon) + i * 1000, i == 1000 ? 99 : i % 10);
  ASSERT_EQ(series.points().size(), 4U);
  EXPECT_EQ(series.resolution(), std::chrono::minutes(15));
  const auto& second = series.points()[1];
  EXPECT_EQ(second.time_ms, to_ms(kNoon + std::chrono::minutes(15)));
  EXPECT_EQ(second.least, 0);
  EXPECT_EQ(second.most, 99);
  EXPECT_EQ(second.count, 900);
}

TEST(Series, LeavesOutBucketsWithoutReadings) {
  SeriesBuilder series(kHour, 4);
  for (int i = 0; i < 10; ++i) series.add(to_ms(kNoon) + i, 1);
  series.add(to_ms(kHour.to) - 1, 1);
  ASSERT_EQ(series.points().size(), 2U);
  EXPECT_EQ(series.points()[1].time_ms, to_ms(kNoon + std::chrono::minutes(45)));
}

TEST(Series, NeverGivesMorePointsThanAsked) {
  for (const std::size_t points : {1U, 2U, 7U, 500U, 5000U}) {
    for (const std::int64_t length : {1, 10, 999, 3'600'000}) {
      SeriesBuilder series({kNoon, kNoon + Milliseconds(length)}, points);
      for (std::int64_t i = 0; i < 20'000; ++i) series.add(to_ms(kNoon) + i * length / 20'000, 1);
      EXPECT_LE(series.points().size(), points) << length;
    }
  }
}

TEST(Series, IsWrittenAsInstantsAndNumbers) {
  SeriesBuilder series(kHour, 10);
  series.add(to_ms(kNoon), 1.5);
  EXPECT_EQ(write_series(series, kHour),
            R"({"points":[["2025-11-22T12:00:00.000Z",1.5,1.5,1.5]],)"
            R"("from":"2025-11-22T12:00:00.000Z","to":"2025-11-22T13:00:00.000Z","resolution":0})");
}

TEST(Series, ReadsOneMeasurementOfOneDeviceFromTheStore) {
  asio::io_context loop;
  const auto database = db::test_database();
  db::migrate(*database, "data", migrations());
  Batch batch;
  for (int i = 0; i < 45'000; ++i) {
    const auto time = kNoon + Milliseconds(i);
    batch.arrivals.push_back({reading("d1", time, {{"a", 1.0 * i}, {"on", i % 2 == 0}}), {}});
    batch.arrivals.push_back(arrival("d2", time, 7));
  }
  database->write_now([&](db::Connection& connection) { BatchStore().store(connection, batch); });
  mqtt::play(loop, [&]() -> Task<void> {
    const TimeRange range{kNoon + Milliseconds(1000), kNoon + Milliseconds(45'000)};
    const auto numbers = co_await read_series(*database, "d1", "a", range, 44);
    EXPECT_EQ(numbers.points().size(), 44U);
    EXPECT_EQ(numbers.points().front().least, 1000);
    EXPECT_EQ(numbers.points().back().most, 44'999);
    const auto truths = co_await read_series(*database, "d1", "on", range, 10);
    EXPECT_EQ(truths.points()[0].least, 0);
    EXPECT_EQ(truths.points()[0].most, 1);
    EXPECT_EQ(truths.points()[0].sum * 2, static_cast<double>(truths.points()[0].count));
    const auto nothing = co_await read_series(*database, "d1", "unheard-of", range, 10);
    EXPECT_TRUE(nothing.points().empty());
  }());
}

}  // namespace
}  // namespace croft::data

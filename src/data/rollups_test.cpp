// Tests of hours that are rolled up: they must tell what the readings would have told.
// SPDX-License-Identifier: Apache-2.0
#include "data/rollups.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <random>

#include "data/batch_store.hpp"
#include "data/migrations.hpp"
#include "data/removal.hpp"
#include "data/retention.hpp"
#include "data/series.hpp"
#include "data/test_parts.hpp"
#include "db/test_database.hpp"
#include "mqtt/test_broker.hpp"

namespace croft::data {
namespace {

using std::chrono::days;
using std::chrono::hours;
using std::chrono::minutes;

class RollupsTest : public testing::Test {
 protected:
  void store(std::vector<Arrival> arrivals) {
    Batch batch;
    batch.arrivals = std::move(arrivals);
    database_->write_now(
        [&](db::Connection& connection) { BatchStore().store(connection, batch); });
  }
  // `count` readings of d1, one a minute, the last a minute before `end`.
  void measure(Instant end, int count) {
    std::vector<Arrival> arrivals;
    for (int i = 0; i < count; ++i)
      arrivals.push_back(arrival("d1", end - minutes(count - i), std::round(random_() % 400) / 10));
    store(std::move(arrivals));
  }
  // Twice, since the first may only move the horizon.
  void roll_up() {
    Rollups rollups(loop_.get_executor(), *database_, writer_, clock_);
    for (int i = 0; i < 2; ++i) mqtt::play(loop_, rollups.pass());
  }
  SeriesBuilder series(TimeRange range, std::size_t points) {
    SeriesBuilder found(range, points);
    mqtt::play(loop_, [&]() -> Task<void> {
      found = co_await read_series(*database_, "d1", "temperature", range, points);
    }());
    return found;
  }
  std::int64_t count(std::string_view sql) {
    return database_->read_now([sql](db::Connection& connection) {
      return *connection.first(sql, {}, [](const db::Row& row) { return row.integer(0); });
    });
  }
  std::int64_t rolled_hours() {
    return count("SELECT COUNT(*) FROM reading_hours WHERE stale = 0");
  }
  std::int64_t stale_hours() { return count("SELECT COUNT(*) FROM reading_hours WHERE stale = 1"); }
  void forget_readings() {
    database_->write_now([](db::Connection& c) {
      c.execute("DELETE FROM readings");
      c.execute("DELETE FROM reading_blocks");
    });
  }

  asio::io_context loop_;  // outlives the database, whose workers come back to it
  std::unique_ptr<db::Database> database_ = with_tables(db::test_database());
  HandClock clock_{kNoon};
  Metrics metrics_;
  Writer writer_{{}, loop_.get_executor(), *database_, metrics_};
  std::minstd_rand random_{7};
};

void expect_same(const SeriesBuilder& one, const SeriesBuilder& other) {
  EXPECT_EQ(one.resolution(), other.resolution());
  ASSERT_EQ(one.points().size(), other.points().size());
  for (std::size_t i = 0; i < one.points().size(); ++i) {
    EXPECT_EQ(one.points()[i].time_ms, other.points()[i].time_ms);
    EXPECT_EQ(one.points()[i].least, other.points()[i].least);
    EXPECT_EQ(one.points()[i].most, other.points()[i].most);
    EXPECT_EQ(one.points()[i].count, other.points()[i].count);
    EXPECT_NEAR(one.points()[i].sum, other.points()[i].sum, 1e-6);
  }
}

}  // namespace

TEST_F(RollupsTest, RollUpAnHourOnceItHasSettled) {
  measure(kNoon, 120);
  roll_up();
  EXPECT_EQ(rolled_hours(), 1);  // the hour that ended just now may still get readings
  clock_.advance(minutes(15));
  roll_up();
  EXPECT_EQ(rolled_hours(), 2);
}

TEST_F(RollupsTest, TellTheSameAsTheReadings) {
  measure(kNoon, 20'000);  // two weeks
  clock_.advance(minutes(40));
  const TimeRange whole{kNoon - days(12) - minutes(17), kNoon + minutes(1)};
  const auto by_readings = series(whole, 100);
  roll_up();
  ASSERT_GT(rolled_hours(), 300);
  const auto by_hours = series(whole, 100);
  EXPECT_EQ(by_hours.resolution(), hours(3));
  EXPECT_LE(by_hours.points().size(), 100U);
  EXPECT_EQ(by_hours.points().front().time_ms, to_ms(whole.from));
  Rolled all_hours, all_readings;
  for (const auto& point : by_hours.points()) all_hours.add(point);
  for (const auto& point : by_readings.points()) all_readings.add(point);
  EXPECT_EQ(all_hours.count, all_readings.count);
  EXPECT_EQ(all_hours.least, all_readings.least);
  EXPECT_EQ(all_hours.most, all_readings.most);
  EXPECT_NEAR(all_hours.sum, all_readings.sum, 1e-6);
  // In whole days both have the same buckets.
  const TimeRange in_days{kNoon - days(10) - hours(12), kNoon - hours(12)};
  const auto daily = series(in_days, 10);
  database_->write_now([](db::Connection& c) { c.execute("UPDATE data_devices SET rolled = 0"); });
  expect_same(daily, series(in_days, 10));
}

TEST_F(RollupsTest, ShowFewReadingsAsTheyAre) {
  store({arrival("d1", kNoon - days(20) + minutes(7), 1), arrival("d1", kNoon - days(3), 2)});
  roll_up();
  const auto found = series({kNoon - days(30), kNoon}, 500);
  ASSERT_EQ(found.points().size(), 2U);
  EXPECT_EQ(found.points()[0].time_ms, to_ms(kNoon - days(20) + minutes(7)));
  EXPECT_EQ(found.resolution(), Milliseconds(0));
}

TEST_F(RollupsTest, TellOfALateReadingAtOnceAndAreRenewed) {
  measure(kNoon, 10'000);
  roll_up();
  const TimeRange range{kNoon - days(6), kNoon};
  store({arrival("d1", kNoon - days(2) + minutes(5), 99), arrival("d1", kNoon - days(20), 98)});
  EXPECT_EQ(stale_hours(), 2);
  const auto highest = [&] {
    Rolled all;
    const auto found = series(range, 50);
    for (const auto& point : found.points()) all.add(point);
    return all.most;
  };
  EXPECT_EQ(highest(), 99);
  roll_up();
  EXPECT_EQ(stale_hours(), 0);
  EXPECT_EQ(highest(), 99);
  store({arrival("d1", kNoon - days(2) + minutes(5), 99)});  // came again: nothing new
  EXPECT_EQ(stale_hours(), 0);
}

TEST_F(RollupsTest, OutliveTheReadingsTheyWereMadeOf) {
  measure(kNoon, 10'000);
  roll_up();
  const auto hours_before = rolled_hours();
  forget_readings();
  store({arrival("d1", kNoon - days(5), 1)});  // so late that its hour cannot be made anew
  clock_.advance(minutes(1));
  database_->write_now(
      [](db::Connection& c) { RollupStore(c).raise_kept_from(to_ms(kNoon - days(2))); });
  roll_up();
  EXPECT_EQ(rolled_hours(), hours_before);
  EXPECT_EQ(stale_hours(), 0);
  // Coarse or fine: before the time from which readings are kept there are hours.
  const TimeRange range{kNoon - days(6), kNoon - days(1)};
  const auto coarse = series(range, 50);
  Rolled all;
  for (const auto& point : coarse.points()) all.add(point);
  EXPECT_EQ(all.count, 5 * 24 * 60);
  const auto fine = series({kNoon - days(4), kNoon - days(4) + hours(6)}, 500);
  EXPECT_EQ(fine.points().size(), 6U);
  EXPECT_EQ(fine.resolution(), hours(1));
}

TEST_F(RollupsTest, AreMadeAgainWhenTheClockHadBeenAhead) {
  measure(kNoon, 300);
  clock_.advance(days(1));
  roll_up();
  clock_.set(kNoon);
  measure(kNoon + minutes(20), 20);  // while the horizon is ahead
  roll_up();
  measure(kNoon + minutes(30), 10);
  clock_.advance(hours(2));
  roll_up();
  EXPECT_EQ(stale_hours(), 0);
  EXPECT_EQ(rolled_hours(), 6);
  const TimeRange range{kNoon - days(30), kNoon + hours(1)};
  Rolled all;
  const auto found = series(range, 50);
  for (const auto& point : found.points()) all.add(point);
  EXPECT_EQ(all.count, 330);
}

TEST_F(RollupsTest, GoWithTheirDevice) {
  measure(kNoon, 10'000);
  roll_up();
  live::Feed feed;
  DeviceDirectory directory;
  Refusals refusals(loop_.get_executor(), *database_, directory, clock_, metrics_);
  Removal removal(loop_.get_executor(), *database_, writer_, refusals, feed);
  removal.remove(DeviceId("d1"));
  spawn(loop_.get_executor(), "test", removal.run());
  mqtt::play(loop_, [&]() -> Task<void> {
    co_await mqtt::eventually([&] { return count("SELECT COUNT(*) FROM reading_hours") == 0; });
    removal.stop();
  }());
  EXPECT_EQ(count("SELECT COUNT(*) FROM reading_hours"), 0);
  EXPECT_EQ(count("SELECT COUNT(*) FROM readings"), 0);
  EXPECT_EQ(count("SELECT COUNT(*) FROM reading_blocks"), 0);
}

}  // namespace croft::data

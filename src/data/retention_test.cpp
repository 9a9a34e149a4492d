// Tests of forgetting: what is too old goes, the rest stays, and what comes late finds its place.
// SPDX-License-Identifier: Apache-2.0
#include "data/retention.hpp"

#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>

#include "data/batch_store.hpp"
#include "data/reading_store.hpp"
#include "data/rollup_store.hpp"
#include "data/test_parts.hpp"
#include "db/test_database.hpp"

namespace croft::data {
namespace {

using std::chrono::days;
using std::chrono::minutes;

class RetentionTest : public testing::Test {
 protected:
  void SetUp() override { db::migrate(*database_, "data", migrations()); }

  // A store of its own each time, as the writer's is when it was told that months are gone.
  void store(std::vector<Arrival> arrivals) {
    Batch batch;
    batch.arrivals = std::move(arrivals);
    BatchStore store;
    database_->write_now([&](db::Connection& connection) { store.store(connection, batch); });
  }
  std::int64_t count() {
    return database_->read_now([](db::Connection& connection) {
      return *connection.first("SELECT count(*) FROM readings", {},
                               [](const db::Row& row) { return row.integer(0); });
    });
  }
  void sweep(Keep keep) {
    Retention retention(loop_.get_executor(), *database_, writer_, clock_, keep);
    spawn(loop_.get_executor(), "test", retention.sweep());
    loop_.restart();
    loop_.run();
  }

  std::unique_ptr<db::Database> database_ = db::test_database();
  asio::io_context loop_;
  Metrics metrics_;
  HandClock clock_{kNoon};
  Writer writer_{{}, loop_.get_executor(), *database_, metrics_};
};

}  // namespace

TEST_F(RetentionTest, ForgetsWhatIsTooOldAndNothingElse) {
  std::vector<Arrival> arrivals;
  for (int i = 0; i < 1500; ++i) arrivals.push_back(arrival("d1", kNoon - days(400), i));
  arrivals.push_back(arrival("d2", kNoon - days(420), 1));
  arrivals.push_back(arrival("d1", kNoon - days(364), 1));
  arrivals.push_back(arrival("d2", kNoon, 1));
  store(std::move(arrivals));
  sweep({days(365), 0});
  EXPECT_EQ(count(), 2);
  sweep({days(365), 0});
  EXPECT_EQ(count(), 2);
}

TEST_F(RetentionTest, TakesAnOldReadingThatComesLate) {
  store({arrival("d1", kNoon - days(400), 1), arrival("d1", kNoon, 1)});
  sweep({days(365), 0});
  EXPECT_EQ(count(), 1);
  store({arrival("d1", kNoon - days(400), 1)});
  EXPECT_EQ(count(), 2);
}

TEST_F(RetentionTest, StaysBelowASize) {
  const bool in_months = database_->by_time() != database_->clustered();
  std::vector<Arrival> arrivals;
  for (int i = 0; i < 20'000; ++i)
    arrivals.push_back(arrival(i % 2 == 0 ? "d1" : "d2", kNoon - minutes(10 * (20'000 - i)), i));
  store(std::move(arrivals));
  const auto full = database_->size_bytes();
  const auto empty = full - count() * (in_months ? 120 : 30);  // or a little less
  sweep({Seconds(0), full});
  EXPECT_EQ(count(), 20'000);
  sweep({Seconds(0), empty + (full - empty) / 2});
  EXPECT_LE(database_->size_bytes(), empty + (full - empty) / 2);
  EXPECT_GT(count(), 4'000);
  EXPECT_LT(count(), 16'000);
  database_->read_now([&](db::Connection& c) {
    ReadingStore readings(c);
    EXPECT_EQ(readings.first_time(1).value() / 86'400'000,
              readings.first_time(2).value() / 86'400'000)
        << "the oldest of all go, whosever they are";
    EXPECT_LE(RollupStore(c).kept_from_ms(), readings.first_time(1).value());
    EXPECT_GT(RollupStore(c).kept_from_ms(), to_ms(kNoon - days(138)));
  });
}

TEST_F(RetentionTest, KeepsTheNewestHoweverLargeTheyAre) {
  store({arrival("d1", kNoon - minutes(5), 1), arrival("d1", kNoon - days(100), 1)});
  sweep({Seconds(0), 1});
  EXPECT_EQ(count(), 1);
}

}  // namespace croft::data

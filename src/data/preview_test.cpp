// Tests of when a trigger would have fired.
// SPDX-License-Identifier: Apache-2.0
#include "data/preview.hpp"

#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>

#include "data/batch_store.hpp"
#include "data/migrations.hpp"
#include "data/test_parts.hpp"
#include "db/migrations.hpp"
#include "db/test_database.hpp"
#include "mqtt/test_broker.hpp"

namespace croft::data {
namespace {

using std::chrono::hours;
using std::chrono::minutes;

const TimeRange kDay{kNoon, kNoon + hours(24)};

class PreviewTest : public testing::Test {
 protected:
  PreviewTest() { db::migrate(*database_, "data", migrations()); }

  void measure(Instant time, double temperature) {
    batch_.arrivals.push_back(arrival("d1", time, temperature));
  }
  Preview preview(const rules::Condition& condition, TimeRange range = kDay) {
    database_->write_now(
        [this](db::Connection& connection) { BatchStore().store(connection, batch_); });
    Preview seen;
    mqtt::play(loop_, [&]() -> Task<void> {
      seen = co_await read_preview(*database_, names_, DeviceId("d1"), condition, range);
    }());
    return seen;
  }
  static rules::Condition above(double threshold, Seconds hold = Seconds(0)) {
    rules::Condition condition;
    condition.measurement = "temperature";
    condition.threshold = threshold;
    condition.hold_for = hold;
    return condition;
  }

  asio::io_context loop_;
  std::unique_ptr<db::Database> database_ = db::test_database();
  Names names_;
  Batch batch_;
};

}  // namespace

TEST_F(PreviewTest, TellsEachFiringWithItsEnd) {
  const double values[] = {20, 31, 32, 29, 20, 40};
  for (int i = 0; i < 6; ++i) measure(kNoon + hours(i), values[i]);
  const auto seen = preview(above(30));
  ASSERT_EQ(seen.firings.size(), 2U);
  EXPECT_EQ(seen.readings, 6U);
  EXPECT_EQ(seen.firings[0].fired, kNoon + hours(1));
  EXPECT_EQ(seen.firings[0].cleared, kNoon + hours(3));
  EXPECT_EQ(seen.firings[0].value, 31);
  EXPECT_EQ(seen.firings[1].fired, kNoon + hours(5));
  EXPECT_FALSE(seen.firings[1].cleared);
  EXPECT_FALSE(seen.truncated);
  EXPECT_EQ(seen.to, kDay.to);
}

TEST_F(PreviewTest, FiresAtTheVeryMomentAHoldIsOver) {
  measure(kNoon, 31);
  measure(kNoon + hours(1), 20);
  measure(kNoon + hours(2), 31);
  const auto seen = preview(above(30, minutes(10)));
  ASSERT_EQ(seen.firings.size(), 2U);
  EXPECT_EQ(seen.firings[0].fired, kNoon + minutes(10));
  EXPECT_EQ(seen.firings[0].cleared, kNoon + hours(1));
  EXPECT_EQ(seen.firings[1].fired, kNoon + hours(2) + minutes(10)) << "after the last reading";
}

TEST_F(PreviewTest, FindsSilencesBetweenTheFirstReadingAndNow) {
  for (const int minute : {120, 125, 130, 200, 205}) measure(kNoon + minutes(minute), 20);
  rules::Condition silent;
  silent.measurement = "temperature";
  silent.kind = rules::Kind::silent;
  silent.no_data_for = minutes(10);
  const auto seen = preview(silent);
  ASSERT_EQ(seen.firings.size(), 2U);
  EXPECT_EQ(seen.firings[0].fired, kNoon + minutes(140));
  EXPECT_EQ(seen.firings[0].cleared, kNoon + minutes(200));
  EXPECT_EQ(seen.firings[1].fired, kNoon + minutes(215));
  EXPECT_FALSE(seen.firings[1].cleared);
}

TEST_F(PreviewTest, LooksAtTheRangeTheDeviceAndTheMeasurementAlone) {
  measure(kNoon - hours(1), 99);
  batch_.arrivals.push_back(arrival("d2", kNoon + hours(1), 99));
  batch_.arrivals.push_back({reading("d1", kNoon + hours(1), {{"humidity", 99.0}}), {}});
  measure(kNoon + hours(24), 99);
  const auto seen = preview(above(30));
  EXPECT_TRUE(seen.firings.empty());
  EXPECT_EQ(seen.readings, 0U);
}

TEST_F(PreviewTest, EndsAtAThousandFiringsAndSaysSo) {
  for (int i = 0; i < 3000; ++i) measure(kNoon + Seconds(i), i % 2 == 0 ? 31 : 29);
  const auto seen = preview(above(30));
  EXPECT_EQ(seen.firings.size(), 1000U);
  EXPECT_TRUE(seen.truncated);
  EXPECT_EQ(seen.to, seen.firings.back().fired);
}

TEST_F(PreviewTest, ReadsALongHistoryPieceByPiece) {
  for (int i = 0; i < 50'000; ++i) measure(kNoon + Seconds(i), i % 10'000 == 9'999 ? 31 : 20);
  const auto seen = preview(above(30));
  EXPECT_EQ(seen.readings, 50'000U);
  EXPECT_EQ(seen.firings.size(), 5U);
}

TEST_F(PreviewTest, IsWrittenWithItsRange) {
  Preview preview;
  preview.firings.push_back({kNoon, std::nullopt, 31});
  preview.readings = 7;
  preview.to = kNoon + hours(1);
  EXPECT_EQ(write_preview(preview, kNoon),
            R"({"firings":[{"fired":"2025-11-22T12:00:00.000Z","cleared":null,"value":31}],)"
            R"("readings":7,"from":"2025-11-22T12:00:00.000Z",)"
            R"("to":"2025-11-22T13:00:00.000Z","truncated":false})");
}

}  // namespace croft::data

// Tests of reading many devices in one order, page by page.
// SPDX-License-Identifier: Apache-2.0
#include "data/scan.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "data/batch_store.hpp"
#include "data/migrations.hpp"
#include "data/test_parts.hpp"
#include "db/test_database.hpp"

namespace croft::data {
namespace {

using Line = std::pair<std::int64_t, std::string>;  // time and device

class ScanTest : public testing::Test {
 protected:
  void SetUp() override { db::migrate(*database_, "data", migrations()); }

  void store(std::vector<Arrival> arrivals) {
    Batch batch;
    batch.arrivals = std::move(arrivals);
    BatchStore store;
    database_->write_now([&](db::Connection& connection) { store.store(connection, batch); });
  }
  // Up to `limit` readings and where they end.
  std::vector<Line> take(Scan& scan, std::size_t limit, std::optional<Position>& last) {
    return database_->read_now([&](db::Connection& connection) {
      ReadingStore sql(connection);
      NameLookup lookup(names_, sql);
      std::vector<Line> lines;
      while (lines.size() < limit) {
        const auto found = scan.next(sql, lookup);
        if (!found) break;
        last = found->at;
        lines.emplace_back(to_ms(found->reading.time), found->reading.device.str());
      }
      return lines;
    });
  }
  std::vector<Line> all(Scan scan) {
    std::optional<Position> last;
    return take(scan, 1'000'000, last);
  }

  std::unique_ptr<db::Database> database_ = db::test_database();
  Names names_;
};

// Ten devices of different diligence, some readings at the very same time.
struct Garden {
  std::vector<DeviceId> devices;
  std::vector<Arrival> arrivals;
};
Garden garden() {
  Garden made;
  std::mt19937 random(5);
  for (int d = 0; d < 10; ++d) {
    const std::string device = "d" + std::to_string(d);
    made.devices.emplace_back(device);
    for (int i = 0; i < d * d * 7; ++i)
      made.arrivals.push_back(arrival(device, kNoon + Milliseconds(random() % 200), i));
  }
  return made;
}

std::vector<Line> lines_of(const Garden& garden) {
  std::vector<Line> lines;
  for (const auto& arrival : garden.arrivals)
    lines.emplace_back(to_ms(arrival.reading.time), arrival.reading.device.str());
  std::ranges::sort(lines);
  return lines;
}

TEST_F(ScanTest, GivesTheReadingsOfManyDevicesInOneOrder) {
  const auto made = garden();
  store(made.arrivals);
  const auto expected = lines_of(made);
  for (const std::size_t hint : {1U, 5U, 1000U}) {
    EXPECT_EQ(all({made.devices, {}, Order::oldest_first, std::nullopt, hint}), expected);
    auto backwards = all({made.devices, {}, Order::newest_first, std::nullopt, hint});
    std::ranges::reverse(backwards);
    EXPECT_EQ(backwards, expected);
  }
}

TEST_F(ScanTest, GoesOnExactlyWhereAPageEnded) {
  const auto made = garden();
  store(made.arrivals);
  for (const std::size_t size : {1U, 3U, 100U, 999U}) {
    std::vector<Line> gathered;
    std::optional<Position> last;
    for (bool more = true; more;) {
      Scan scan(made.devices, {}, Order::oldest_first, last, size);
      const auto page = take(scan, size, last);
      gathered.insert(gathered.end(), page.begin(), page.end());
      more = page.size() == size;
    }
    EXPECT_EQ(gathered, lines_of(made)) << size;
  }
}

TEST_F(ScanTest, TakesTheBeginningAndLeavesTheEndOfARange) {
  store({arrival("d1", kNoon, 1), arrival("d1", kNoon + Milliseconds(1), 2),
         arrival("d1", kNoon + Milliseconds(2), 3)});
  const TimeRange range{kNoon, kNoon + Milliseconds(2)};
  const std::vector<Line> expected = {{to_ms(kNoon), "d1"}, {to_ms(kNoon) + 1, "d1"}};
  EXPECT_EQ(all({{DeviceId("d1")}, range, Order::oldest_first, std::nullopt, 10}), expected);
  EXPECT_EQ(all({{DeviceId("d1")}, range, Order::newest_first, std::nullopt, 10}).size(), 2U);
  EXPECT_TRUE(
      all({{DeviceId("d1")}, {kNoon, kNoon}, Order::oldest_first, std::nullopt, 10}).empty());
}

TEST_F(ScanTest, DoesNotLeaveTheRangeForACursorInFrontOfIt) {
  store({arrival("d1", kNoon, 1), arrival("d1", kNoon + Seconds(1), 2)});
  const TimeRange range{kNoon + Seconds(1), kNoon + Seconds(9)};
  const Position early{0, 0, 0};
  EXPECT_EQ(all({{DeviceId("d1")}, range, Order::oldest_first, early, 10}).size(), 1U);
}

TEST_F(ScanTest, FindsNothingOfADeviceThatNeverMeasured) {
  EXPECT_TRUE(all({{DeviceId("d1")}, {}, Order::oldest_first, std::nullopt, 10}).empty());
  EXPECT_TRUE(all({{}, {}, Order::oldest_first, std::nullopt, 10}).empty());
}

TEST_F(ScanTest, LeavesOutADeviceFromTheMomentItIsGone) {
  const auto made = garden();
  store(made.arrivals);
  Scan scan(made.devices, {}, Order::oldest_first, std::nullopt, 1000);
  std::optional<Position> last;
  take(scan, 20, last);
  scan.keep_only([](const DeviceId& device) { return device.str() != "d9"; });
  for (const auto& line : take(scan, 1'000'000, last)) EXPECT_NE(line.second, "d9");
}

}  // namespace
}  // namespace croft::data

// Tests of storing batches: each reading once, whatever comes twice, in whatever order.
// SPDX-License-Identifier: Apache-2.0
#include "data/batch_store.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <random>

#include "data/migrations.hpp"
#include "data/names.hpp"
#include "data/scan.hpp"
#include "data/test_parts.hpp"
#include "db/test_database.hpp"

namespace croft::data {
namespace {

class BatchStoreTest : public testing::Test {
 protected:
  void SetUp() override { db::migrate(*database_, "data", migrations()); }

  std::unique_ptr<Batch> store(std::vector<Arrival> arrivals) {
    auto batch = std::make_unique<Batch>();
    batch->arrivals = std::move(arrivals);
    database_->write_now([&](db::Connection& connection) { store_.store(connection, *batch); });
    return batch;
  }
  std::vector<Fate> fates(std::vector<Arrival> arrivals) {
    std::vector<Fate> list;
    const auto batch = store(std::move(arrivals));
    for (const auto& arrival : batch->arrivals) list.push_back(arrival.fate);
    return list;
  }
  std::vector<Reading> stored(const std::string& device) {
    std::vector<Reading> list;
    database_->read_now([&](db::Connection& connection) {
      ReadingStore sql(connection);
      Names names;
      NameLookup lookup(names, sql);
      Scan scan({DeviceId(device)}, {}, Order::oldest_first, std::nullopt, 100);
      while (const auto found = scan.next(sql, lookup)) list.push_back(found->reading);
    });
    return list;
  }

  std::unique_ptr<db::Database> database_ = db::test_database();
  BatchStore store_;
};

using enum Fate;
using Fates = std::vector<Fate>;

std::string text(const std::vector<protocol::SeqRange>& ranges) {
  std::string out;
  for (const auto& range : ranges)
    out += std::to_string(range.first) + '-' + std::to_string(range.last) + ' ';
  return out;
}

TEST_F(BatchStoreTest, GivesBackWhatWasStored) {
  const auto before = reading("d1", kNoon, {{"on", true}, {"temperature", 23.5}, {"a.b-c", -7.0}});
  store({{before, std::nullopt}});
  const auto after = stored("d1");
  ASSERT_EQ(after.size(), 1U);
  EXPECT_EQ(after[0].time, before.time);
  EXPECT_EQ(after[0].received, before.received);
  EXPECT_FALSE(after[0].server_time);
  for (const auto& value : before.values) EXPECT_EQ(std::ranges::count(after[0].values, value), 1);
}

TEST_F(BatchStoreTest, StoresTwoDifferentReadingsOfOneTime) {
  EXPECT_EQ(fates({arrival("d1", kNoon, 1), arrival("d1", kNoon, 2)}),
            (Fates{Fate::stored, Fate::stored}));
}

TEST_F(BatchStoreTest, StoresEqualReadingsOfOneTimeOnce) {
  EXPECT_EQ(fates({arrival("d1", kNoon, 1), arrival("d1", kNoon, 1), arrival("d2", kNoon, 1)}),
            (Fates{Fate::stored, duplicate, Fate::stored}));
  EXPECT_EQ(fates({arrival("d1", kNoon, 1)}), Fates{duplicate});
}

TEST_F(BatchStoreTest, TakesTheOrderOfMeasurementsForNoDifference) {
  store({{reading("d1", kNoon, {{"a", 1.0}, {"b", 2.0}}), std::nullopt}});
  EXPECT_EQ(fates({{reading("d1", kNoon, {{"b", 2.0}, {"a", 1.0}}), std::nullopt}}),
            Fates{duplicate});
}

TEST_F(BatchStoreTest, KnowsANumberedReadingEvenWhenItsTimeChanged) {
  EXPECT_EQ(fates({numbered("d1", 17, 1, kNoon), numbered("d1", 17, 1, kNoon + Seconds(9)),
                   numbered("d1", 18, 1, kNoon), numbered("d2", 17, 1, kNoon)}),
            (Fates{Fate::stored, duplicate, Fate::stored, Fate::stored}));
  store_.forget();  // as after a restart
  EXPECT_EQ(fates({numbered("d1", 17, 1, kNoon + Seconds(60))}), Fates{duplicate});
  EXPECT_EQ(stored("d1").size(), 2U);
}

TEST_F(BatchStoreTest, TellsTheStoredRangesAroundABatch) {
  const auto first = store({numbered("d1", 17, 1, kNoon), numbered("d1", 17, 2, kNoon)});
  ASSERT_EQ(first->ranges.size(), 1U);
  EXPECT_EQ(text(first->ranges[0].ranges), "1-2 ");
  const auto second = store({numbered("d2", 1, 9, kNoon), numbered("d1", 17, 4, kNoon),
                             numbered("d1", 17, 3, kNoon), numbered("d1", 17, 9, kNoon),
                             numbered("d1", 18, 0, kNoon)});
  ASSERT_EQ(second->ranges.size(), 3U);
  EXPECT_EQ(second->ranges[0].arrival, 0U);
  EXPECT_EQ(text(second->ranges[0].ranges), "9-9 ");
  EXPECT_EQ(second->ranges[1].arrival, 1U);
  EXPECT_EQ(second->ranges[1].boot, 17U);
  EXPECT_EQ(text(second->ranges[1].ranges), "1-4 9-9 ");
  EXPECT_EQ(second->ranges[2].boot, 18U);
}

TEST_F(BatchStoreTest, TellsADuplicatesRangeAgain) {
  store({numbered("d1", 17, 1, kNoon)});
  const auto again = store({numbered("d1", 17, 1, kNoon)});
  ASSERT_EQ(again->ranges.size(), 1U);
  EXPECT_EQ(text(again->ranges[0].ranges), "1-1 ");
}

TEST_F(BatchStoreTest, StoresEachReadingOnceInAnyOrderAndRepetition) {
  std::mt19937 random(11);
  std::vector<Arrival> all;
  for (std::uint32_t i = 0; i < 60; ++i) {
    all.push_back(numbered("d1", i / 20, i % 20, kNoon + Seconds(i % 7), i));
    all.push_back(arrival("d1", kNoon + Seconds(i % 7), 1000 + i));
  }
  for (int round = 0; round < 20; ++round) {
    std::vector<Arrival> some;
    for (int i = 0; i < 40; ++i) some.push_back(all[random() % all.size()]);
    store(some);
    if (round % 5 == 4) store_.forget();
  }
  store(all);
  std::ranges::shuffle(all, random);
  EXPECT_EQ(fates(all), Fates(all.size(), duplicate));
  EXPECT_EQ(stored("d1").size(), 120U);
}

TEST_F(BatchStoreTest, StartsFromTheStoreAfterATransactionFailed) {
  Batch batch;
  batch.arrivals = {numbered("d1", 17, 1, kNoon)};
  EXPECT_THROW(database_->write_now([&](db::Connection& connection) {
    store_.store(connection, batch);
    throw db::Broken("the disk is full");
  }),
               db::Broken);
  store_.forget();
  database_->write_now([&](db::Connection& connection) { store_.store(connection, batch); });
  EXPECT_EQ(batch.arrivals[0].fate, Fate::stored);
  ASSERT_EQ(batch.ranges.size(), 1U);
  EXPECT_EQ(stored("d1").size(), 1U);
}

TEST_F(BatchStoreTest, RefusesMoreThan256NamesOfADevice) {
  for (std::size_t i = 0; i < BatchStore::kMostNamesOfDevice; ++i)
    store({{reading("d1", kNoon, {{"m" + std::to_string(i), 1.0}}), std::nullopt}});
  const std::vector<Arrival> mixed = {
      {reading("d1", kNoon + Seconds(1), {{"m0", 1.0}, {"novel", 1.0}}), std::nullopt},
      {reading("d1", kNoon + Seconds(1), {{"m7", 1.0}}), std::nullopt},
      {reading("d2", kNoon, {{"novel", 1.0}}), std::nullopt}};
  EXPECT_EQ(fates(mixed), (Fates{too_many_names, Fate::stored, Fate::stored}));
  store_.forget();
  EXPECT_EQ(fates({mixed[0]}), Fates{too_many_names});
}

TEST_F(BatchStoreTest, GivesARemovedDevicesNumberToNobodyElse) {
  store({arrival("d1", kNoon, 1)});
  database_->write_now([&](db::Connection& connection) {
    ReadingStore sql(connection);
    const auto old = sql.device_number("d1");
    sql.hide_device("d1");
    EXPECT_EQ(sql.device_number("d1"), 0);
    EXPECT_EQ(sql.hidden_devices(), std::vector<std::int64_t>{old});
    sql.forget_device(old);
    EXPECT_GT(sql.number_device("d2"), old);
  });
  store_.forget("d1");
  EXPECT_TRUE(stored("d1").empty());
  EXPECT_EQ(fates({arrival("d1", kNoon, 1)}), Fates{Fate::stored});
  EXPECT_EQ(stored("d1").size(), 1U);
}

}  // namespace
}  // namespace croft::data

// Tests of packing: whether readings are rows or packed must make no difference to anybody.
// SPDX-License-Identifier: Apache-2.0
#include "data/packing.hpp"

#include <gtest/gtest.h>

#include <limits>
#include <map>
#include <random>

#include "data/batch_store.hpp"
#include "data/block_store.hpp"
#include "data/retention.hpp"
#include "data/rollups.hpp"
#include "data/test_parts.hpp"
#include "data/value_codec.hpp"
#include "db/test_database.hpp"
#include "mqtt/test_broker.hpp"

namespace croft::data {
namespace {

using std::chrono::days;
using std::chrono::hours;
using std::chrono::minutes;

constexpr auto kLeast = std::numeric_limits<std::int64_t>::min();
constexpr auto kMost = std::numeric_limits<std::int64_t>::max();

class PackingTest : public testing::Test {
 protected:
  std::vector<Fate> store(std::vector<Arrival> arrivals) {
    Batch batch;
    batch.arrivals = std::move(arrivals);
    database_->write_now([&](db::Connection& c) { BatchStore().store(c, batch); });
    std::vector<Fate> fates;
    for (const auto& arrival : batch.arrivals) fates.push_back(arrival.fate);
    return fates;
  }
  // `count` readings of d1, one every `pace`, from `from` on, numbered from `seq` on.
  void measure(Instant from, Milliseconds pace, int count, std::uint32_t seq = 0) {
    std::vector<Arrival> arrivals;
    for (int i = 0; i < count; ++i)
      arrivals.push_back(numbered("d1", 1, seq + static_cast<std::uint32_t>(i), from + i * pace,
                                  static_cast<double>(random_() % 400) / 10));
    store(std::move(arrivals));
  }
  // All rows of d1 before that time.
  void pack(Instant before) {
    std::int64_t at = 0;
    while (at < to_ms(before))
      at = database_
               ->write_now([&](db::Connection& c) {
                 return pack_some(c, ReadingStore(c).device_number("d1"), at, to_ms(before));
               })
               .packed_ms;
  }
  // Twice, since the first may only move the horizon.
  void pass() {
    Rollups rollups(loop_.get_executor(), *database_, writer_, clock_);
    for (int i = 0; i < 2; ++i) mqtt::play(loop_, rollups.pass());
  }
  std::vector<Place> forward(Place after, std::int64_t before_ms, std::size_t limit) {
    std::vector<Place> places;
    database_->read_now([&](db::Connection& c) {
      ReadingStore store(c);
      store.forward(store.device_number("d1"), after, before_ms, limit,
                    [&](const StoredReading& r) { places.push_back({r.time_ms, r.key}); });
    });
    return places;
  }
  std::vector<Place> backward(Place before, std::int64_t from_ms, std::size_t limit) {
    std::vector<Place> places;
    database_->read_now([&](db::Connection& c) {
      ReadingStore store(c);
      store.backward(store.device_number("d1"), before, from_ms, limit,
                     [&](const StoredReading& r) { places.push_back({r.time_ms, r.key}); });
    });
    return places;
  }
  std::vector<Place> all() { return forward({kLeast, kMost}, kMost, kMost); }
  std::int64_t count(std::string_view sql) {
    return database_->read_now([sql](db::Connection& c) {
      return *c.first(sql, {}, [](const db::Row& row) { return row.integer(0); });
    });
  }
  std::int64_t rows() { return count("SELECT COUNT(*) FROM readings"); }
  std::int64_t blocks() { return count("SELECT COUNT(*) FROM reading_blocks"); }

  asio::io_context loop_;  // outlives the database, whose workers come back to it
  std::unique_ptr<db::Database> database_ = with_tables(db::test_database());
  HandClock clock_{kNoon};
  Metrics metrics_;
  Writer writer_{{}, loop_.get_executor(), *database_, metrics_};
  std::mt19937 random_{7};
};

}  // namespace

TEST_F(PackingTest, TurnsRowsIntoBlocksOfAMonth) {
  measure(kNoon - days(23), hours(1), 23 * 24);  // over the end of October
  const auto before = all();
  pack(kNoon);
  EXPECT_EQ(rows(), 0);
  EXPECT_EQ(blocks(), 2);
  EXPECT_EQ(all(), before);
}

TEST_F(PackingTest, GoesOnWithTheLastBlockUntilItIsFull) {
  for (int i = 0; i < 8; ++i) {
    measure(kNoon + i * minutes(50), Seconds(10), 300, static_cast<std::uint32_t>(300 * i));
    pack(kNoon + (i + 1) * minutes(50));
  }
  EXPECT_EQ(all().size(), 2400U);
  EXPECT_EQ(blocks(), 3);
  EXPECT_EQ(rows(), 0);
}

TEST_F(PackingTest, PutsALateReadingIntoTheBlockItFallsInto) {
  measure(kNoon - hours(9), Seconds(10), 3000);
  pack(kNoon);
  EXPECT_EQ(blocks(), 3);
  measure(kNoon - hours(8) + Seconds(5), minutes(1), 3, 5000);
  EXPECT_EQ(all().size(), 3003U);  // while they are rows among blocks
  pack(kNoon);
  EXPECT_EQ(rows(), 0);
  EXPECT_EQ(all().size(), 3003U);
  EXPECT_EQ(blocks(), 4);
}

TEST_F(PackingTest, IsNotSeenByWhoeverReads) {
  // A life at random, and beside it a map that knows what there should be.
  std::map<Place, bool> model;
  for (int round = 0; round < 60; ++round) {
    std::vector<Arrival> arrivals;
    const auto at = kNoon - hours(60) + minutes(static_cast<int>(random_() % (60 * 60)));
    for (int i = static_cast<int>(random_() % 400); i > 0; --i) {
      const auto time = at + Seconds(static_cast<int>(random_() % 30)) * i;
      const auto seq = static_cast<std::uint32_t>(round * 1000 + i);
      model[{to_ms(time), numbered_key({1, seq})}] = true;
      arrivals.push_back(numbered("d1", 1, seq, time));
    }
    store(std::move(arrivals));
    if (random_() % 3 == 0) pack(kNoon - hours(60) + hours(static_cast<int>(random_() % 70)));
  }
  ASSERT_GT(blocks(), 3);
  ASSERT_GT(rows(), 0);
  std::vector<Place> known;
  for (const auto& [place, there] : model) known.push_back(place);
  EXPECT_EQ(all(), known);
  for (int round = 0; round < 200; ++round) {
    auto from = random_() % known.size(), to = random_() % known.size();
    if (from > to) std::swap(from, to);
    const std::size_t limit = 1 + random_() % 2000;
    std::vector<Place> wanted;
    for (auto i = from + 1; i < known.size() && known[i].time_ms < known[to].time_ms; ++i)
      if (wanted.size() < limit) wanted.push_back(known[i]);
    EXPECT_EQ(forward(known[from], known[to].time_ms, limit), wanted);
    wanted.clear();
    for (auto i = to; i-- > 0 && known[i].time_ms >= known[from].time_ms;)
      if (wanted.size() < limit) wanted.push_back(known[i]);
    EXPECT_EQ(backward(known[to], known[from].time_ms, limit), wanted);
  }
}

TEST_F(PackingTest, KnowsWhatWasPackedWhenItComesAgain) {
  const auto old = arrival("d1", kNoon - days(3), 21.5);
  store({old, numbered("d1", 1, 1, kNoon - days(3))});
  pass();
  EXPECT_EQ(rows(), 0);
  const auto again =
      store({old, numbered("d1", 1, 1, kNoon - days(3)), arrival("d1", kNoon - days(3), 21.6)});
  EXPECT_EQ(again, (std::vector<Fate>{Fate::duplicate, Fate::duplicate, Fate::stored}));
  EXPECT_EQ(all().size(), 3U);
}

TEST_F(PackingTest, FollowsTheHoursAndWhatComesLate) {
  measure(kNoon - days(2), minutes(1), 2 * 24 * 60);
  pass();
  EXPECT_EQ(rows(), 60);  // the hour that ended just now
  measure(kNoon - days(1) + Seconds(7), minutes(1), 5, 90'000);
  EXPECT_EQ(rows(), 65);
  pass();
  EXPECT_EQ(rows(), 60);
  clock_.advance(hours(1));
  pass();
  EXPECT_EQ(rows(), 0);
  EXPECT_EQ(all().size(), 2U * 24 * 60 + 5);
}

TEST_F(PackingTest, LeavesWhatIsDamagedAsItIsAndGoesOn) {
  measure(kNoon - days(2), minutes(1), 1000 + 200);
  database_->write_now([&](db::Connection& c) {
    const std::byte nonsense[] = {std::byte{0x7F}};
    c.execute("UPDATE readings SET vals = $1 WHERE time = $2",
              {db::Bytes(nonsense), to_ms(kNoon - days(2))});
  });
  pass();
  EXPECT_EQ(rows(), static_cast<std::int64_t>(Block::kMost));  // those of one attempt
  EXPECT_EQ(blocks(), 1);
  EXPECT_EQ(all().size(), 1200U);
}

TEST_F(PackingTest, IsForgottenWithTheYears) {
  measure(kNoon - days(100), minutes(1), 3000);
  measure(kNoon - days(2), minutes(1), 100, 5000);
  pass();
  ASSERT_EQ(rows(), 0);
  Retention retention(loop_.get_executor(), *database_, writer_, clock_, {days(40), 0});
  mqtt::play(loop_, retention.sweep());
  EXPECT_EQ(all().size(), 100U);
}

TEST_F(PackingTest, IsForgottenWithinABlockToo) {
  if (database_->by_time() != database_->clustered()) GTEST_SKIP() << "months go whole";
  measure(kNoon - days(20), hours(1), 20 * 24);
  pass();
  ASSERT_EQ(blocks(), 1);
  Retention retention(loop_.get_executor(), *database_, writer_, clock_, {days(10), 0});
  mqtt::play(loop_, retention.sweep());
  EXPECT_EQ(all().size(), 10U * 24);
  EXPECT_EQ(all().front().time_ms, to_ms(kNoon - days(10)));
}

TEST_F(PackingTest, LosesOneMeasurementWhenThatIsTooOld) {
  std::vector<Arrival> arrivals;
  for (int i = 0; i < 90 * 24; ++i) {
    const auto time = kNoon - hours(i + 1);
    arrivals.push_back({reading("d1", time, {{"temperature", i / 10.0}, {"rssi", -60.0}}),
                        Sequence{1, static_cast<std::uint32_t>(i)}});
    if (i % 2 == 0)
      arrivals.push_back({reading("d1", time + minutes(1), {{"rssi", -61.0}}), std::nullopt});
  }
  store(std::move(arrivals));
  pass();
  clock_.advance(hours(2));
  pass();
  ASSERT_EQ(all().size(), 90U * 36);
  const Keep keep{.age = Seconds(0), .bytes = 0, .age_of = {{"rssi", days(30)}, {"none", days(1)}}};
  for (int sweeps = 0; sweeps < 2; ++sweeps) {
    Retention retention(loop_.get_executor(), *database_, writer_, clock_, keep);
    mqtt::play(loop_, retention.sweep());
    clock_.advance(days(2));
  }
  std::size_t with = 0, without = 0;
  database_->read_now([&](db::Connection& c) {
    ReadingStore store(c);
    const auto rssi = store.measurement_id("rssi");
    store.forward(1, {kLeast, kMost}, kMost, kMost, [&](const StoredReading& r) {
      bool has = false;
      ValueReader in(r.values);
      for (CodedValue value; in.next(value);) has = has || value.measurement == rssi;
      EXPECT_TRUE(has || r.time_ms < to_ms(kNoon - days(27)));
      ++(has ? with : without);
    });
  });
  EXPECT_GE(with, 29U * 36);  // those of a month's block stay until all of it is too old
  EXPECT_LE(with, 60U * 36);
  EXPECT_EQ(with * 24 / 36 + without, 90U * 24) << "the temperature of the others is still there";
}

TEST_F(PackingTest, LeavesNoEmptyMonthsBehind) {
  if (database_->by_time() == database_->clustered()) GTEST_SKIP() << "there are no months";
  measure(kNoon - days(100), minutes(1), 10);
  measure(kNoon - days(10), minutes(1), 10, 100);
  pass();
  EXPECT_EQ(count("SELECT COUNT(*) FROM pg_inherits WHERE inhparent = 'readings'::regclass"), 1);
  measure(kNoon - days(100) + Seconds(1), minutes(1), 10, 200);
  EXPECT_EQ(all().size(), 30U);
}

}  // namespace croft::data

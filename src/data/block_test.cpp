// Tests of packed readings: exactly what went in comes out, in few bytes, and nothing from damage.
// SPDX-License-Identifier: Apache-2.0
#include "data/block.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <deque>
#include <limits>
#include <random>

#include "data/reading_key.hpp"
#include "data/value_codec.hpp"

namespace croft::data {
namespace {

class BlockTest : public testing::Test {
 protected:
  void add(std::int64_t time_ms, std::int64_t key, std::int64_t received_after_ms,
           const std::vector<CodedValue>& values, bool server_time = false) {
    auto& text = texts_.emplace_back();
    encode_values(text, server_time, values);
    readings_.push_back({1, time_ms, key, received_after_ms, text});
  }
  void add_damaged(std::int64_t time_ms) {
    readings_.push_back({1, time_ms, 1, 0, texts_.emplace_back("\x7F nonsense")});
  }
  // What a node measures in an hour, every ten seconds.
  void add_hour(bool numbered) {
    double temperature = 21.5, humidity = 48, soil = 512;
    for (int i = 0; i < 360; ++i) {
      temperature += static_cast<double>(static_cast<int>(random_() % 3) - 1) / 10;
      humidity += static_cast<double>(static_cast<int>(random_() % 3) - 1);
      soil += static_cast<double>(static_cast<int>(random_() % 7) - 3);
      temperature = std::round(temperature * 10) / 10;
      const std::vector<CodedValue> values = {
          {1, humidity, false}, {2, soil, false}, {3, temperature, false}};
      std::string text;
      encode_values(text, false, values);
      const auto seq = static_cast<std::uint32_t>(i);
      add(1'764'000'000'000 + i * 10'000 + static_cast<int>(random_() % 20),
          numbered ? numbered_key({4711, seq}) : content_key(text), 5 + random_() % 30, values);
    }
  }
  void expect_same(const std::string& text) {
    const auto block = Block::decode(text);
    ASSERT_TRUE(block);
    ASSERT_EQ(block->size(), readings_.size());
    std::string values;
    for (std::size_t i = 0; i < readings_.size(); ++i)
      EXPECT_EQ(block->reading(i, 1, values), readings_[i]) << i;
  }

  std::mt19937 random_{7};
  std::deque<std::string> texts_;
  std::vector<StoredReading> readings_;
};

}  // namespace

TEST_F(BlockTest, GivesBackExactlyWhatWentIn) {
  constexpr auto kLeast = std::numeric_limits<std::int64_t>::min();
  constexpr auto kMost = std::numeric_limits<std::int64_t>::max();
  add(0, kLeast, kMost, {{1, 21.5, false}, {2, 1, true}, {900, -0.0, false}});
  add(0, kMost, kLeast, {{1, 22, false}, {2, 0, true}}, true);
  add(5, 0, 0, {});
  add(6, 1, -5, {{1, 0.1 + 0.2, false}, {3, 1e300, false}, {4, 9007199254740992.0, false}});
  add(253'402'300'799'999, 2, 7,
      {{1, -21.125, false}, {2, 7, false}, {kMaxMeasurementId, 1, true}});
  const auto text = Block::encode(readings_);
  ASSERT_TRUE(text);
  expect_same(*text);
}

TEST_F(BlockTest, FindsAPlace) {
  for (int i = 0; i < 10; ++i) add(i / 2, i, 0, {{1, 1.0 * i, false}});
  const auto block = Block::decode(Block::encode(readings_).value());
  ASSERT_TRUE(block);
  EXPECT_EQ(block->first(), (Place{0, 0}));
  EXPECT_EQ(block->last(), (Place{4, 9}));
  EXPECT_EQ(block->find({-1, 0}), 0U);
  EXPECT_EQ(block->find({2, 5}), 5U);
  EXPECT_EQ(block->find({2, 6}), 6U);
  EXPECT_EQ(block->find({9, 0}), 10U);
  EXPECT_TRUE(block->contains({2, 5}));
  EXPECT_FALSE(block->contains({2, 6}));
}

TEST_F(BlockTest, TakesAFewBytesAReading) {
  add_hour(true);
  const auto numbered = Block::encode(readings_);
  ASSERT_TRUE(numbered);
  expect_same(*numbered);
  EXPECT_LT(numbered->size(), 360U * 8);
  readings_.clear();
  add_hour(false);
  const auto by_content = Block::encode(readings_);
  ASSERT_TRUE(by_content);
  expect_same(*by_content);
  EXPECT_LT(by_content->size(), 360U * 8);
}

TEST_F(BlockTest, KeepsWhateverCanBeStored) {
  for (int round = 0; round < 200; ++round) {
    readings_.clear();
    std::int64_t time = static_cast<std::int64_t>(random_());
    const auto count = 1 + random_() % 50;
    for (std::size_t i = 0; i < count; ++i) {
      std::vector<CodedValue> values;
      for (std::uint32_t id = 1; id < 6; ++id) {
        const auto kind = random_() % 6;
        const double number = static_cast<double>(static_cast<int>(random_() % 2000) - 1000);
        if (kind == 0) values.push_back({id, static_cast<double>(random_() % 2), true});
        if (kind == 1) values.push_back({id, number, false});
        if (kind == 2) values.push_back({id, number / 1000, false});
        if (kind == 3) values.push_back({id, std::exp(number / 10), false});
      }
      add(time += 1 + random_() % 100, static_cast<std::int64_t>(random_()) << 20, 0, values,
          random_() % 10 == 0);
    }
    const auto text = Block::encode(readings_);
    ASSERT_TRUE(text) << round;
    expect_same(*text);
  }
}

TEST_F(BlockTest, RefusesToTakeWhatItCouldNotGiveBack) {
  add(1, 1, 0, {{1, 1, false}});
  add_damaged(2);
  EXPECT_FALSE(Block::encode(readings_));
  readings_.clear();
  add(2, 1, 0, {{1, 1, false}});
  add(1, 1, 0, {{1, 1, false}});
  EXPECT_FALSE(Block::encode(readings_)) << "not in order";
  readings_.clear();
  for (std::size_t i = 0; i <= Block::kMost; ++i) add(static_cast<std::int64_t>(i), 0, 0, {});
  EXPECT_FALSE(Block::encode(readings_)) << "too many";
  EXPECT_FALSE(Block::encode({}));
}

TEST_F(BlockTest, IsDamagedWhenAnythingIsMissingOrTooMuch) {
  add_hour(true);
  const auto text = Block::encode(readings_).value();
  for (std::size_t length = 0; length < text.size(); ++length)
    EXPECT_FALSE(Block::decode(std::string_view(text).substr(0, length))) << length;
  EXPECT_FALSE(Block::decode(text + "x"));
  EXPECT_FALSE(Block::decode("\x02" + text.substr(1))) << "a version of later";
}

}  // namespace croft::data

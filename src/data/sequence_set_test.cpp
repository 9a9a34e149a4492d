// Tests of the sets of stored sequence numbers.
// SPDX-License-Identifier: Apache-2.0
#include "data/sequence_set.hpp"

#include <gtest/gtest.h>

#include <random>
#include <set>

namespace croft::data {
namespace {

using Pairs = std::vector<std::pair<std::uint32_t, std::uint32_t>>;

Pairs pairs(const SequenceSet& set) {
  Pairs list;
  for (const auto& range : set.ranges()) list.emplace_back(range.first, range.last);
  return list;
}

SequenceSet with(std::initializer_list<std::uint32_t> numbers) {
  SequenceSet set;
  for (const auto number : numbers) set.add(number);
  return set;
}

}  // namespace

TEST(SequenceSet, JoinsNeighboursInAnyOrder) {
  EXPECT_EQ(pairs(with({1, 2, 3, 4, 5, 7})), (Pairs{{1, 5}, {7, 7}}));
  EXPECT_EQ(pairs(with({7, 5, 3, 1, 2, 4})), (Pairs{{1, 5}, {7, 7}}));
  EXPECT_EQ(pairs(with({0xFFFFFFFF, 0, 0xFFFFFFFE})), (Pairs{{0, 0}, {0xFFFFFFFE, 0xFFFFFFFF}}));
}

TEST(SequenceSet, SaysWhetherANumberIsNew) {
  auto set = with({1, 2, 3});
  EXPECT_FALSE(set.add(2));
  EXPECT_TRUE(set.add(9));
  EXPECT_FALSE(set.add(9));
  EXPECT_TRUE(set.contains(9));
  EXPECT_FALSE(set.contains(8));
}

TEST(SequenceSet, TellsTheRangeAroundANumber) {
  const auto set = with({1, 2, 3, 9});
  EXPECT_EQ(set.around(2).first, 1U);
  EXPECT_EQ(set.around(2).last, 3U);
  EXPECT_EQ(set.around(9).first, 9U);
}

TEST(SequenceSet, AgreesWithAPlainSetOfNumbers) {
  std::mt19937 random(3);
  SequenceSet set;
  std::set<std::uint32_t> plain;
  for (int i = 0; i < 5000; ++i) {
    const auto number = static_cast<std::uint32_t>(random() % 1500);
    ASSERT_EQ(set.add(number), plain.insert(number).second);
  }
  for (std::uint32_t number = 0; number < 1510; ++number)
    ASSERT_EQ(set.contains(number), plain.contains(number));
}

TEST(SequenceSet, SurvivesItsTextForm) {
  const auto set = with({0, 1, 5, 6, 7, 100'000, 0xFFFFFFFF});
  const auto again = SequenceSet::decode(set.encode());
  ASSERT_TRUE(again);
  EXPECT_EQ(pairs(*again), pairs(set));
  EXPECT_TRUE(SequenceSet::decode("")->ranges().empty());
}

TEST(SequenceSet, RefusesADamagedText) {
  EXPECT_FALSE(SequenceSet::decode("\x01"));
  EXPECT_FALSE(SequenceSet::decode("\xff\xff\xff\xff\x0f\x01"));
  EXPECT_FALSE(SequenceSet::decode("\xff\xff\xff\xff\xff\xff\xff\x01"));
}

TEST(SequenceSet, ForgetsTheLowestWhenTheGapsAreTooMany) {
  SequenceSet set;
  for (std::uint32_t i = 0; i <= SequenceSet::kMaxRanges; ++i) set.add(i * 2);
  EXPECT_EQ(set.ranges().size(), SequenceSet::kMaxRanges);
  EXPECT_FALSE(set.contains(0));
  EXPECT_TRUE(set.contains(2));
  EXPECT_EQ(set.around(0).last, 0U);
  EXPECT_LE(set.encode().size(), 4 * SequenceSet::kMaxRanges);
}

}  // namespace croft::data

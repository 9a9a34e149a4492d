// Tests of the telemetry/ack payload.
// SPDX-License-Identifier: Apache-2.0
#include "protocol/ack_codec.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <string>
#include <vector>

namespace croft::protocol {
namespace {

std::string encoded(const Ack& ack) {
  char buffer[kMaxAckBytes];
  return std::string(encode_ack(ack, buffer, sizeof buffer));
}

std::string reason(std::string_view payload) {
  Ack ack;
  return std::string(to_string(decode_ack(payload, ack).refusal));
}

TEST(Ack, IsSpelledAsInTheContract) {
  Ack ack(17);
  for (std::uint32_t seq : {1, 2, 3, 4, 5, 7}) EXPECT_TRUE(ack.add(seq));
  EXPECT_EQ(encoded(ack), R"({"boot":17,"seq":[[1,5],[7,7]]})");
}

TEST(Ack, ComesBackFromItsText) {
  Ack ack;
  ASSERT_TRUE(decode_ack(R"( {"x":{"y":[1]}, "seq":[[1,5] ,[7,4294967295]],"boot":17} )", ack));
  EXPECT_EQ(ack.boot, 17u);
  ASSERT_EQ(ack.count, 2u);
  EXPECT_TRUE(ack.covers(1) && ack.covers(5) && ack.covers(4294967295u));
  EXPECT_FALSE(ack.covers(0) || ack.covers(6));
}

TEST(Ack, JoinsNeighboursInAnyOrder) {
  std::vector<std::uint32_t> seqs;
  for (std::uint32_t i = 0; i < 50; ++i) seqs.push_back(i * (i % 3 == 0 ? 1 : 2));
  std::mt19937 random(3);
  for (int round = 0; round < 200; ++round) {
    std::shuffle(seqs.begin(), seqs.end(), random);
    Ack ack(1);
    for (std::uint32_t seq : seqs) ASSERT_TRUE(ack.add(seq));
    for (std::uint32_t seq = 0; seq < 120; ++seq) {
      ASSERT_EQ(ack.covers(seq), std::count(seqs.begin(), seqs.end(), seq) > 0) << seq;
    }
    for (std::size_t i = 1; i < ack.count; ++i) {
      ASSERT_GT(ack.ranges[i].first, ack.ranges[i - 1].last + 1);
    }
  }
}

TEST(Ack, HoldsTheEndsOfTheNumberRange) {
  Ack ack(0xffffffffu);
  EXPECT_TRUE(ack.add(0xffffffffu));
  EXPECT_TRUE(ack.add(0));
  EXPECT_TRUE(ack.add(0xfffffffeu));
  EXPECT_EQ(encoded(ack), R"({"boot":4294967295,"seq":[[0,0],[4294967294,4294967295]]})");
}

TEST(Ack, IsBoundedAndSaysWhenItIsFull) {
  Ack ack(0xffffffffu);
  const std::uint32_t base = 4000000000u;
  for (std::uint32_t i = 0; i < kMaxAckRanges; ++i) EXPECT_TRUE(ack.add(base + 2 * i));
  EXPECT_FALSE(ack.add(base + 2 * kMaxAckRanges));
  EXPECT_TRUE(ack.add(base + 1));  // joins two ranges, so it always has room
  EXPECT_TRUE(ack.add(base + 2 * kMaxAckRanges));
  const std::string text = encoded(ack);
  EXPECT_FALSE(text.empty());
  EXPECT_EQ(reason(text), "none");
  std::string more = text;
  more.insert(more.size() - 2, ",[1,1]");
  EXPECT_EQ(reason(more), "tooManyEntries");
}

TEST(Ack, WithoutARangeIsNotWritten) {
  EXPECT_EQ(encoded(Ack(1)), "");
  Ack ack(1);
  ack.add(1);
  char small[10];
  EXPECT_EQ(encode_ack(ack, small, sizeof small), "");
}

TEST(Ack, RefusesEveryOtherShape) {
  EXPECT_EQ(reason(""), "empty");
  EXPECT_EQ(reason("{}"), "missingMember");
  EXPECT_EQ(reason(R"({"boot":1})"), "missingMember");
  EXPECT_EQ(reason(R"({"seq":[[1,1]]})"), "missingMember");
  EXPECT_EQ(reason(R"({"boot":1,"seq":[]})"), "empty");
  EXPECT_EQ(reason(R"({"boot":1,"seq":[[2,1]]})"), "badSequence");
  EXPECT_EQ(reason(R"({"boot":1,"seq":[[1,4294967296]]})"), "badSequence");
  EXPECT_EQ(reason(R"({"boot":-1,"seq":[[1,1]]})"), "badSequence");
  EXPECT_EQ(reason(R"({"boot":1,"boot":1,"seq":[[1,1]]})"), "duplicateMember");
  EXPECT_EQ(reason(R"({"boot":1,"seq":[[1,1]],"seq":[[1,1]]})"), "duplicateMember");
  for (const char* bad : {"[]", "x", R"({"boot":1,"seq":[1,1]})", R"({"boot":1,"seq":[[1]]})",
                          R"({"boot":1,"seq":[[1,2,3]]})", R"({"boot":1,"seq":[[1,2]})",
                          R"({"boot":1,"seq":[[1,2]]}x)", R"({"boot":1,"seq":"1"})",
                          R"({"boot":1,"seq":[[1,2]],"x":[})"}) {
    EXPECT_EQ(reason(bad), "badJson") << bad;
  }
}

}  // namespace
}  // namespace croft::protocol

// Tests of the ring of unacknowledged readings.
// SPDX-License-Identifier: Apache-2.0
#include "device/core/outbox.hpp"

#include <gtest/gtest.h>

#include <random>
#include <set>
#include <vector>

namespace croft::core {
namespace {

struct Box {
  std::vector<unsigned char> memory;
  Outbox outbox;
  explicit Box(std::size_t readings, std::size_t sensors = 2)
      : memory(Outbox::bytes_for(readings, sensors)),
        outbox(memory.data(), memory.size(), sensors) {}

  bool push(std::uint32_t seq) {
    Sample sample;
    sample.seq = seq;
    sample.at_ms = seq * 10;
    sample.values[0] = static_cast<float>(seq);
    sample.values[1] = -1;
    return outbox.push(sample);
  }
  bool ack(std::uint32_t first, std::uint32_t last) {
    protocol::Ack ack(1);
    ack.ranges[0] = {first, last};
    ack.count = 1;
    return outbox.acknowledge(ack, [this](std::uint32_t seq) { stored.push_back(seq); });
  }
  std::vector<std::uint32_t> stored;
};

TEST(Outbox, GivesBackWhatWasPutInOldestFirst) {
  Box box(3);
  EXPECT_EQ(box.outbox.capacity(), 3u);
  for (std::uint32_t seq : {1, 2, 3}) EXPECT_TRUE(box.push(seq));
  EXPECT_EQ(box.outbox.at(0).seq, 1u);
  EXPECT_EQ(box.outbox.at(2).seq, 3u);
  EXPECT_EQ(box.outbox.at(2).at_ms, 30);
  EXPECT_EQ(box.outbox.at(2).values[0], 3);
  EXPECT_EQ(box.outbox.at(2).values[1], -1);
}

TEST(Outbox, TheOldestMakesRoomAndIsCounted) {
  Box box(3);
  for (std::uint32_t seq : {1, 2, 3}) box.push(seq);
  box.outbox.mark_sent(1, 2);
  EXPECT_FALSE(box.push(4));
  EXPECT_EQ(box.outbox.dropped(), 1u);
  EXPECT_EQ(box.outbox.at(0).seq, 2u);
  EXPECT_EQ(box.outbox.in_flight(), 1u);
  EXPECT_EQ(box.outbox.first_unsent(), 1u);
}

TEST(Outbox, AcknowledgedOutOfOrderLeavesFromTheFront) {
  Box box(5);
  for (std::uint32_t seq : {1, 2, 3, 4}) box.push(seq);
  box.outbox.mark_sent(3, 4);
  EXPECT_FALSE(box.ack(2, 3));
  EXPECT_EQ(box.outbox.size(), 4u);
  EXPECT_EQ(box.outbox.in_flight(), 2u);
  EXPECT_TRUE(box.ack(1, 1));
  EXPECT_EQ(box.outbox.size(), 1u);
  EXPECT_EQ(box.outbox.at(0).seq, 4u);
  EXPECT_EQ(box.stored, (std::vector<std::uint32_t>{2, 3, 1}));
}

TEST(Outbox, RewindForgetsWhatWasSentButNotWhatWasAcknowledged) {
  Box box(5);
  for (std::uint32_t seq : {1, 2, 3}) box.push(seq);
  box.outbox.mark_sent(2, 3);
  box.ack(2, 2);
  box.outbox.rewind();
  EXPECT_EQ(box.outbox.in_flight(), 0u);
  EXPECT_EQ(box.outbox.first_unsent(), 0u);
  EXPECT_EQ(box.outbox.next_unsent(1), 2u);
}

TEST(Outbox, AcknowledgingTwiceOrNonsenseIsHarmless) {
  Box box(5);
  for (std::uint32_t seq : {1, 2, 3}) box.push(seq);
  EXPECT_FALSE(box.ack(7, 0xffffffffu));
  EXPECT_TRUE(box.ack(0, 2));
  EXPECT_FALSE(box.ack(0, 2));
  EXPECT_EQ(box.outbox.size(), 1u);
  EXPECT_EQ(box.stored.size(), 2u);
}

TEST(Outbox, WithoutMemoryKeepsNothingAndCountsEverything) {
  Box box(0);
  EXPECT_FALSE(box.push(1));
  EXPECT_EQ(box.outbox.size(), 0u);
  EXPECT_EQ(box.outbox.dropped(), 1u);
}

TEST(Outbox, TheClockReachesReadingsMadeWithoutIt) {
  Box box(4);
  box.push(1);
  Sample sample;
  sample.seq = 2;
  sample.at_ms = 999;
  sample.has_wall = true;
  sample.values[0] = sample.values[1] = 0;
  box.outbox.push(sample);
  box.outbox.set_clock(1000);
  box.outbox.set_clock(5000);
  EXPECT_EQ(box.outbox.at(0).at_ms, 1010);
  EXPECT_EQ(box.outbox.at(1).at_ms, 999);
}

TEST(Outbox, CountsStayTrueUnderAnySequenceOfEvents) {
  std::mt19937 random(5);
  for (int round = 0; round < 300; ++round) {
    Box box(1 + random() % 9);
    std::set<std::uint32_t> kept, flying;
    std::uint32_t next = 1;
    for (int step = 0; step < 300; ++step) {
      Outbox& outbox = box.outbox;
      const auto what = random() % 4;
      if (what == 0) {
        box.push(next++);
      } else if (what == 1 && outbox.first_unsent() < outbox.size()) {
        const std::size_t at = outbox.first_unsent();
        flying.insert(outbox.at(at).seq);
        outbox.mark_sent(at, 1);
      } else if (what == 2) {
        const std::uint32_t first = random() % (next + 1);
        box.ack(first, first + random() % 3);
      } else if (random() % 8 == 0) {
        outbox.rewind();
        flying.clear();
      }
      kept.clear();
      for (std::size_t i = outbox.next_unsent(0); i < outbox.size();
           i = outbox.next_unsent(i + 1)) {
        kept.insert(outbox.at(i).seq);
      }
      std::erase_if(flying, [&](std::uint32_t seq) { return kept.count(seq) == 0; });
      ASSERT_EQ(outbox.in_flight(), flying.size());
      ASSERT_EQ(outbox.unacknowledged(), kept.size());
      ASSERT_EQ(kept.size() + box.stored.size() + outbox.dropped(), next - 1);
    }
  }
}

}  // namespace
}  // namespace croft::core

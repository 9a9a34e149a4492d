// Tests of telling nodes what is stored: all of it, in few messages however slow the broker.
// SPDX-License-Identifier: Apache-2.0
#include "data/node_acks.hpp"

#include <gtest/gtest.h>

#include <set>

#include "mqtt/test_broker.hpp"

namespace croft::data {

using mqtt::eventually;
using mqtt::play;
using protocol::SeqRange;
using std::chrono::seconds;

namespace {

std::vector<std::pair<std::uint32_t, std::uint32_t>> pairs(const std::vector<SeqRange>& ranges) {
  std::vector<std::pair<std::uint32_t, std::uint32_t>> found;
  for (const auto& range : ranges) found.emplace_back(range.first, range.last);
  return found;
}

class NodeAcksTest : public testing::Test {
 protected:
  static mqtt::Options options(const mqtt::TestBroker& broker, const char* id) {
    mqtt::Options options;
    options.port = broker.port();
    options.client_id = id;
    return options;
  }
  NodeAcksTest() {
    node_.subscribe("croft/v1/+/telemetry/ack", 1, [this](mqtt::Delivery delivery) {
      protocol::Ack ack;
      ASSERT_TRUE(protocol::decode_ack(delivery.payload(), ack));
      ++messages_;
      for (std::size_t i = 0; i < ack.count; ++i)
        for (auto seq = ack.ranges[i].first; seq <= ack.ranges[i].last; ++seq)
          told_.insert({ack.boot, seq});
      delivery.acknowledge();
    });
    spawn(loop_.get_executor(), "node", node_.run());
  }
  ~NodeAcksTest() override {
    node_.stop();
    platform_.stop();
    loop_.restart();
    loop_.run_for(std::chrono::milliseconds(50));
  }

  mqtt::TestBroker broker_;
  asio::io_context loop_;
  Metrics metrics_;
  mqtt::Client node_{loop_.get_executor(), options(broker_, "node")};
  mqtt::Client platform_{loop_.get_executor(), options(broker_, "platform")};
  NodeAcks acks_{platform_, metrics_};
  const DeviceId kBed{"bed-1"};
  std::set<std::pair<std::uint32_t, std::uint32_t>> told_;
  int messages_ = 0;
};

}  // namespace

TEST(JoinRanges, JoinsWhatMeetsAndKeepsTheRest) {
  const std::vector<SeqRange> one = {{1, 3}, {10, 12}, {4294967290U, 4294967295U}};
  const std::vector<SeqRange> other = {{4, 5}, {8, 8}, {11, 20}, {4294967295U, 4294967295U}};
  const auto joined = join(one, other);
  EXPECT_EQ(pairs(joined), (std::vector<std::pair<std::uint32_t, std::uint32_t>>{
                               {1, 5}, {8, 8}, {10, 20}, {4294967290U, 4294967295U}}));
  EXPECT_TRUE(join({}, {}).empty());
}

TEST_F(NodeAcksTest, TellEverythingInFewMessagesToABrokerThatWasAway) {
  play(loop_, [&]() -> Task<void> {
    co_await node_.ready(seconds(10));
    for (std::uint32_t seq = 1; seq <= 3000; ++seq) {
      const SeqRange range{seq, seq};
      acks_.tell(kBed, 1 + seq % 2, {&range, 1});
      if (seq % 100 == 0) co_await sleep_for(std::chrono::milliseconds(1));
    }
    spawn(loop_.get_executor(), "platform", platform_.run());
    co_await acks_.settle(seconds(10));
    const bool all = co_await eventually([&] { return told_.size() == 3000; });
    EXPECT_TRUE(all) << told_.size();
  }());
  EXPECT_LT(messages_, 3000 / 10);  // every other number: they do not join
}

TEST_F(NodeAcksTest, GoOnWhenANodeIsToldMore) {
  spawn(loop_.get_executor(), "platform", platform_.run());
  play(loop_, [&]() -> Task<void> {
    co_await node_.ready(seconds(10));
    for (std::uint32_t seq = 1; seq <= 50; ++seq) {
      const SeqRange range{1, seq};
      acks_.tell(kBed, 7, {&range, 1});
      acks_.tell(DeviceId("bed-2"), 9, {&range, 1});
      co_await sleep_for(std::chrono::milliseconds(1));
    }
    co_await acks_.settle(seconds(10));
    const bool all = co_await eventually([&] { return told_.size() == 100; });
    EXPECT_TRUE(all) << told_.size();
  }());
}

}  // namespace croft::data

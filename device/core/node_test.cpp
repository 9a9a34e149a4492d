// Tests of a node on a scripted board: sampling, sending, resending, obeying.
// SPDX-License-Identifier: Apache-2.0
#include "device/core/node.hpp"

#include <gtest/gtest.h>

#include "device/core/scripted.hpp"

namespace croft::core {
namespace {

std::size_t readings_in(const std::vector<std::string>& payloads) {
  std::size_t count = 0;
  for (const std::string& payload : payloads) {
    const auto outcome =
        protocol::decode_readings(payload, [&](const protocol::ReadingView&) { ++count; });
    EXPECT_TRUE(outcome) << payload;
  }
  return count;
}

TEST(Node, SendsAReadingEachIntervalWithTimeBootAndSeq) {
  Greenhouse house;
  house.node->start();
  house.connect();
  house.pass(1000);
  const auto sent = house.telemetry();
  ASSERT_EQ(sent.size(), 1u);
  const std::uint64_t at = house.node->outbox().at(0).at_ms;
  EXPECT_EQ(sent[0],
            "{\"time\":" + std::to_string(at) +
                R"(,"boot":17,"seq":1,"temperature":23.1,"humidity":41,"soilMoisture":512})");
  house.acknowledge(1, 1);
  house.pass(10'000);
  EXPECT_EQ(house.node->stats().sampled, 11u);
}

TEST(Node, SaysOnlineAndItsStateRetainedAtEachConnection) {
  Greenhouse house;
  house.node->start();
  for (int i = 0; i < 2; ++i) {
    house.connect();
    ASSERT_GE(house.wire.sent.size(), 2u);
    EXPECT_EQ(house.wire.sent[0].topic, "croft/v1/d1/status");
    EXPECT_EQ(house.wire.sent[0].payload, "online");
    EXPECT_TRUE(house.wire.sent[0].retain && house.wire.sent[0].qos == 1);
    EXPECT_EQ(house.wire.sent[1].topic, "croft/v1/d1/state");
    EXPECT_EQ(house.wire.sent[1].payload, R"({"led":"off","pump":"off"})");
    EXPECT_TRUE(house.wire.sent[1].retain);
    house.lose();
  }
  house.connect();
  house.node->say_goodbye();
  EXPECT_EQ(house.wire.take("croft/v1/d1/status"), (std::vector<std::string>{"online", "offline"}));
}

TEST(Node, CountsItsBootsAndChoosesARandomNumberWhereNothingIsSaved) {
  Greenhouse house;
  house.node->start();
  EXPECT_EQ(house.node->boot(), 17u);
  EXPECT_EQ(house.board.saved_boot, 17u);
  Greenhouse fresh;
  fresh.board.saved_boot.reset();
  fresh.node->start();
  EXPECT_GT(fresh.node->boot(), 1u);
  EXPECT_EQ(fresh.board.saved_boot, fresh.node->boot());
  Greenhouse broken;
  broken.board.can_save = false;
  broken.node->start();
  EXPECT_GE(broken.node->boot(), 0x80000000u);
}

TEST(Node, KeepsReadingsUntilTheyAreStoredAndSendsABacklogAsArrays) {
  Greenhouse house;
  house.node->start();
  house.pass(50'000);
  house.connect();
  const auto sent = house.telemetry();
  EXPECT_EQ(sent.size(), 3u);  // 20, 20 and 10
  EXPECT_EQ(readings_in(sent), 50u);
  EXPECT_EQ(house.node->outbox().size(), 50u);
  house.acknowledge(1, 50);
  EXPECT_EQ(house.node->outbox().size(), 0u);
  EXPECT_EQ(house.board.told_stored.size(), 50u);
}

TEST(Node, HasNoMoreThanItsWindowUnacknowledged) {
  NodeConfig config;
  config.window = 8;
  config.batch = 5;
  Greenhouse house(100, config);
  house.node->start();
  house.pass(30'000);
  house.connect();
  EXPECT_EQ(readings_in(house.telemetry()), 8u);
  house.acknowledge(1, 3);
  EXPECT_EQ(readings_in(house.telemetry()), 3u);
}

TEST(Node, SendsAgainWhatIsNotAcknowledgedEverMoreSeldom) {
  NodeConfig config;
  config.interval_ms = 1'000'000;
  config.resend_after_ms = 1000;
  config.resend_at_most_ms = 8000;
  Greenhouse house(100, config);
  house.node->start();
  house.pass(1'000'000);
  house.connect();
  EXPECT_EQ(readings_in(house.telemetry()), 1u);
  std::vector<std::uint64_t> times;
  const std::uint64_t start = house.board.uptime;
  while (times.size() < 6 && house.board.uptime < start + 100'000) {
    house.pass(10);
    if (!house.telemetry().empty()) times.push_back(house.board.uptime - start);
  }
  const std::uint64_t pauses[] = {1000, 2000, 4000, 8000, 8000, 8000};
  ASSERT_EQ(times.size(), 6u);
  std::uint64_t last = 0;
  for (std::size_t i = 0; i < times.size(); ++i) {
    EXPECT_GE(times[i] - last, pauses[i]) << i;
    EXPECT_LE(times[i] - last, pauses[i] * 5 / 4 + 20) << i;
    last = times[i];
  }
}

TEST(Node, SendsALostReadingAgainWhileOthersAreAcknowledged) {
  NodeConfig config;
  config.resend_after_ms = 5000;
  Greenhouse house(100, config);
  house.node->start();
  house.connect();
  house.pass(2000);
  house.telemetry();  // the first two; seq 1 is lost on its way
  bool repeated = false;
  for (std::uint32_t seq = 2; seq < 12 && !repeated; ++seq) {
    house.acknowledge(seq, seq);
    house.pass(1000);
    for (const std::string& payload : house.telemetry()) {
      protocol::decode_readings(payload, [&](const protocol::ReadingView& reading) {
        repeated = repeated || reading.seq == 1u;
      });
    }
  }
  EXPECT_TRUE(repeated);
}

TEST(Node, IgnoresAcknowledgementsOfAnotherBootOrOfNobody) {
  Greenhouse house;
  house.node->start();
  house.connect();
  house.pass(1000);
  house.node->on_message("croft/v1/d1/telemetry/ack", R"({"boot":16,"seq":[[1,9]]})");
  house.node->on_message("croft/v1/d2/telemetry/ack", R"({"boot":17,"seq":[[1,9]]})");
  house.node->on_message("croft/v1/d1/telemetry/ack", "nonsense");
  house.node->on_message("elsewhere", R"({"boot":17,"seq":[[1,9]]})");
  EXPECT_EQ(house.node->outbox().size(), 1u);
}

TEST(Node, AFullOutboxGivesUpTheOldestAndSaysSo) {
  Greenhouse house(10);
  house.node->start();
  house.pass(25'000);
  EXPECT_EQ(house.node->outbox().size(), 10u);
  EXPECT_EQ(house.node->outbox().dropped(), 15u);
  EXPECT_EQ(house.node->outbox().at(0).seq, 16u);
  EXPECT_EQ(std::count_if(house.board.lines.begin(), house.board.lines.end(),
                          [](const std::string& line) { return line.find("outbox is full") == 4; }),
            4);  // at 1, 2, 4 and 8
}

TEST(Node, ALateTickTakesOneSampleNotAll) {
  Greenhouse house;
  house.node->start();
  house.board.uptime = 3'600'000;
  house.node->tick();
  EXPECT_EQ(house.node->stats().sampled, 1u);
  EXPECT_GT(house.node->next_due_ms(), house.board.uptime);
  EXPECT_LE(house.node->next_due_ms(), house.board.uptime + 1000);
}

TEST(Node, LeavesOutSensorsThatDoNotAnswer) {
  Greenhouse house;
  house.node->start();
  house.connect();
  house.board.sensors[0].reset();
  house.pass(1000);
  const auto sent = house.telemetry();
  ASSERT_EQ(sent.size(), 1u);
  EXPECT_EQ(sent[0].find("temperature"), std::string::npos);
  house.board.sensors[1].reset();
  house.board.sensors[2].reset();
  house.pass(1000);
  EXPECT_TRUE(house.telemetry().empty());
  EXPECT_EQ(house.node->stats().sampled, 1u);
}

TEST(Node, GivesReadingsTheirTimeOnceTheClockIsSet) {
  Greenhouse house;
  house.board.wall.reset();
  house.node->start();
  house.connect();
  house.pass(1000);
  auto sent = house.telemetry();
  ASSERT_EQ(sent.size(), 1u);
  EXPECT_EQ(sent[0].find("time"), std::string::npos);
  const std::int64_t uptime = house.node->outbox().at(0).at_ms;
  house.board.wall = Greenhouse::kWall;
  house.pass(15'000);
  sent = house.telemetry();
  ASSERT_FALSE(sent.empty());
  EXPECT_TRUE(house.node->outbox().at(0).has_wall);
  EXPECT_EQ(house.node->outbox().at(0).at_ms, Greenhouse::kWall + uptime);
}

TEST(Node, ObeysACommandAndTellsItsState) {
  Greenhouse house;
  house.node->start();
  house.connect();
  house.wire.sent.clear();
  house.command("c1", "led", "on");
  EXPECT_TRUE(house.led());
  ASSERT_EQ(house.wire.sent.size(), 2u);
  EXPECT_EQ(house.wire.sent[0].topic, "croft/v1/d1/command/ack");
  EXPECT_EQ(house.wire.sent[0].payload,
            R"({"id":"c1","state":"done","actuator":"led","value":"on"})");
  EXPECT_FALSE(house.wire.sent[0].retain);
  EXPECT_EQ(house.wire.sent[1].payload, R"({"led":"on","pump":"off"})");
}

TEST(Node, AnswersARepeatedIdWithTheFirstResultAndDoesNotActAgain) {
  Greenhouse house;
  house.node->start();
  house.connect();
  house.command("c1", "led", "on");
  house.command("c2", "led", "off");
  const auto first = house.answers();
  house.command("c1", "led", "on", 0, -5000);  // even when it has expired meanwhile
  EXPECT_FALSE(house.led());
  EXPECT_EQ(house.answers(), std::vector<std::string>{first[0]});
  house.command("c3", "lamp", "on");
  const auto refused = house.answers();
  house.command("c3", "lamp", "on");
  EXPECT_EQ(house.answers(), refused);
  EXPECT_EQ(house.node->stats().commands_repeated, 2u);
  EXPECT_EQ(house.board.switched[0].size(), 3u);  // safe state, on, off
}

TEST(Node, RemembersMoreIdsThanCroftKeepsOpenForIt) {
  Greenhouse house;
  house.node->start();
  house.connect();
  const auto all = [&] {
    for (int i = 0; i < 128; ++i)
      house.command("c" + std::to_string(i), "led", i % 2 ? "off" : "on");
  };
  all();
  const std::size_t acts = house.board.switched[0].size();
  all();
  EXPECT_EQ(house.board.switched[0].size(), acts);
  EXPECT_EQ(house.node->stats().commands_repeated, 128u);
}

TEST(Node, RefusesWhatItMustNotDoAndSaysWhy) {
  Greenhouse house;
  house.node->start();
  house.connect();
  const auto reason = [&] {
    const auto answers = house.answers();
    EXPECT_EQ(answers.size(), 1u);
    protocol::CommandAck ack;
    EXPECT_TRUE(protocol::decode_command_ack(answers.at(0), ack));
    return ack.done ? "done" : std::string(ack.reason.view());
  };
  house.answers();
  house.command("c1", "led", "on", 0, 0);
  EXPECT_EQ(reason(), "expired");
  house.command("c2", "lamp", "on");
  EXPECT_EQ(reason(), "unknownActuator");
  house.command("c3", "led", "blink");
  EXPECT_EQ(reason(), "notUnderstood");
  house.board.can_switch = false;
  house.command("c4", "led", "on");
  EXPECT_EQ(reason(), "actuatorFailed");
  house.board.can_switch = true;
  house.board.wall.reset();
  house.command("c5", "led", "on");
  EXPECT_EQ(reason(), "clockUnset");
  EXPECT_FALSE(house.led());
  house.node->on_message("croft/v1/d1/command", "nonsense");
  EXPECT_TRUE(house.answers().empty());
  EXPECT_EQ(house.node->stats().commands_refused, 5u);
}

TEST(Node, ReturnsToTheOppositeWithTheNetworkGone) {
  Greenhouse house;
  house.node->start();
  house.connect();
  house.command("c1", "led", "on", 30);
  house.lose();
  house.board.wall.reset();
  house.pass(29'999);
  EXPECT_TRUE(house.led());
  house.pass(1);
  EXPECT_FALSE(house.led());
  house.connect();
  EXPECT_EQ(house.wire.take("croft/v1/d1/state").back(), R"({"led":"off","pump":"off"})");
}

TEST(Node, TellsTheStateWhenForEnds) {
  Greenhouse house;
  house.node->start();
  house.connect();
  house.command("c1", "led", "on", 3);
  house.wire.sent.clear();
  house.pass(3000);
  EXPECT_EQ(house.wire.take("croft/v1/d1/state"),
            std::vector<std::string>{R"({"led":"off","pump":"off"})"});
}

TEST(Node, WhatTheConnectionHadNoRoomForIsSaidLater) {
  Greenhouse house;
  house.node->start();
  house.connect();
  house.wire.sent.clear();
  house.wire.full = true;
  house.command("c1", "led", "on");
  house.pass(2000);
  EXPECT_TRUE(house.wire.sent.empty());
  house.wire.full = false;
  house.pass(200);
  const auto sent = house.wire.sent;
  ASSERT_GE(sent.size(), 3u);
  EXPECT_EQ(sent[0].topic, "croft/v1/d1/state");
  EXPECT_EQ(sent[1].topic, "croft/v1/d1/command/ack");
  EXPECT_EQ(readings_in(house.telemetry()), 2u);
}

TEST(Node, GivesUpAConnectionThatTakesNothingForAMinute) {
  Greenhouse house;
  house.node->start();
  house.connect();
  house.wire.full = true;
  house.pass(59'000);
  EXPECT_EQ(house.wire.drops, 0);
  house.pass(3'000);
  EXPECT_EQ(house.wire.drops, 1);
}

TEST(Node, AReadingTooLargeForItsMemoryIsSaidAndDoesNotHoldUpTheLoop) {
  Greenhouse house;
  house.payload.resize(64);
  Node node({.device = "d1", .sensors = Greenhouse::kSensors.data(), .sensor_count = 3},
            {house.outbox.data(), house.outbox.size(), house.payload.data(), 64}, house.board,
            house.wire);
  node.start();
  house.wire.up = true;
  node.on_connected();
  house.board.uptime = 2000;
  node.tick();
  EXPECT_EQ(house.telemetry().size(), 0u);
  EXPECT_NE(house.board.lines.at(0).find("does not fit"), std::string::npos);
}

}  // namespace
}  // namespace croft::core

// Cuts the network at every single step of a script: nothing is lost, nothing done twice.
// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <random>

#include "device/core/scripted.hpp"

namespace croft::core {
namespace {

// A broker and a platform behind the wire. Each message, in either direction, is one step; a cut
// loses everything under way. The broker repeats a command until the node has acknowledged it; a
// telemetry/ack is lost with the connection, and the platform's memory is its database.
class World {
 public:
  Greenhouse house;
  std::set<std::pair<std::uint32_t, std::uint32_t>> stored;
  std::map<std::string, std::set<std::string>> answers;  // command id -> the distinct answers
  std::map<std::string, std::string> commands;           // unacknowledged at the broker
  std::string state;
  int steps = 0;
  std::set<int> cuts;

  explicit World(std::set<int> cut_at) : house(200, config()), cuts(std::move(cut_at)) {
    house.node->start();
  }

  void connect() {
    if (house.wire.up) return;
    house.connect();
    for (const auto& [id, payload] : commands) down_.push_back({"croft/v1/d1/command", payload});
  }

  void send_command(const std::string& id, const std::string& actuator, int for_seconds) {
    const std::string payload =
        "{\"id\":\"" + id + "\",\"actuator\":\"" + actuator +
        "\",\"action\":\"on\",\"expires\":" + std::to_string(*house.board.wall_ms() + 600'000) +
        ",\"for\":" + std::to_string(for_seconds) + "}";
    commands[id] = payload;
    if (house.wire.up) down_.push_back({"croft/v1/d1/command", payload});
  }

  // Everything that is under way arrives, or the connection is cut.
  void settle() {
    while (house.wire.up && (!house.wire.sent.empty() || !down_.empty())) {
      if (cuts.count(steps++) > 0) {
        down_.clear();
        house.lose();
        return;
      }
      if (!house.wire.sent.empty()) {
        const Sent message = house.wire.sent.front();
        house.wire.sent.pop_front();
        arrive(message);
      } else {
        const Sent message = down_.front();
        down_.pop_front();
        house.node->on_message(message.topic, message.payload);
        // The acknowledgement to the broker goes out behind the answer.
        if (message.topic == "croft/v1/d1/command") {
          house.wire.sent.push_back({"PUBACK", message.payload});
        }
      }
    }
  }

  void pass(std::uint64_t ms) {
    for (std::uint64_t i = 0; i < ms; i += 100) {
      house.pass(100);
      settle();
    }
  }

 private:
  static NodeConfig config() {
    NodeConfig config;
    config.interval_ms = 500;
    config.window = 6;
    config.batch = 3;
    config.resend_after_ms = 2000;
    return config;
  }

  void arrive(const Sent& message) {
    if (message.topic == "PUBACK") {
      std::erase_if(commands, [&](const auto& entry) { return entry.second == message.payload; });
    } else if (message.topic == "croft/v1/d1/telemetry") {
      protocol::Ack ack;
      protocol::decode_readings(message.payload, [&](const protocol::ReadingView& reading) {
        stored.insert({*reading.boot, *reading.seq});
        ack.boot = *reading.boot;
        ack.add(*reading.seq);
      });
      char buffer[protocol::kMaxAckBytes];
      down_.push_back({"croft/v1/d1/telemetry/ack",
                       std::string(protocol::encode_ack(ack, buffer, sizeof buffer))});
    } else if (message.topic == "croft/v1/d1/command/ack") {
      protocol::CommandAck ack;
      ASSERT_TRUE(protocol::decode_command_ack(message.payload, ack));
      answers[std::string(ack.id.view())].insert(message.payload);
    } else if (message.topic == "croft/v1/d1/state") {
      state = message.payload;
    }
  }

  std::deque<Sent> down_;
};

// Readings, a led on for four seconds, a pump for three; then time for everything to come right.
int play(std::set<int> cuts) {
  World world(std::move(cuts));
  ScriptedBoard& board = world.house.board;
  world.connect();
  world.settle();
  world.pass(2000);
  world.connect();
  world.send_command("c1", "led", 4);
  world.settle();
  world.pass(3000);
  world.connect();  // a cut so far has lasted a few seconds
  world.settle();
  world.pass(2000);
  world.connect();
  world.send_command("c2", "pump", 3);
  world.settle();
  world.pass(20'000);  // a cut from here on lasts for long
  EXPECT_FALSE(board.actuators[0] || board.actuators[1]) << "still on, long after its time";
  for (int i = 0; i < 3; ++i) {
    world.connect();
    world.settle();
    world.pass(8'000);
  }
  const int steps = world.steps;
  // At last every cut is behind.
  world.cuts.clear();
  world.connect();
  world.pass(10'000);
  const std::uint64_t sampled = world.house.node->stats().sampled;
  EXPECT_GT(sampled, 100u);
  for (std::uint32_t seq = 1; seq <= sampled; ++seq) {
    EXPECT_EQ(world.stored.count({17, seq}), 1u) << "reading " << seq << " is lost";
  }
  EXPECT_EQ(world.house.node->outbox().dropped(), 0u);
  for (const auto& told : board.told_stored) {
    EXPECT_EQ(world.stored.count(told), 1u) << "forgotten before it was stored";
  }
  // The safe state at the start; then each command once on and, on the millisecond, once off.
  for (std::size_t actuator : {0, 1}) {
    const auto& switched = board.switched[actuator];
    EXPECT_EQ(switched.size(), 3u) << "done twice, or never";
    if (switched.size() != 3) continue;
    EXPECT_TRUE(switched[1].second && !switched[2].second);
    EXPECT_EQ(switched[2].first - switched[1].first, actuator == 0 ? 4000u : 3000u);
  }
  EXPECT_TRUE(world.commands.empty()) << "a command was never acknowledged to the broker";
  for (const char* id : {"c1", "c2"}) {
    EXPECT_EQ(world.answers[id].size(), 1u) << id << ": no answer, or two different ones";
  }
  EXPECT_EQ(world.state, R"({"led":"off","pump":"off"})");
  return steps;
}

TEST(CutTheNetwork, NowhereAndEverythingArrives) { EXPECT_GT(play({}), 100); }

TEST(CutTheNetwork, AtEveryStepAndNothingIsLostNothingDoneTwice) {
  const int steps = play({});
  for (int cut = 0; cut < steps; ++cut) {
    SCOPED_TRACE("cut at step " + std::to_string(cut));
    play({cut});
    if (testing::Test::HasFailure()) return;
  }
}

TEST(CutTheNetwork, AtManyStepsAtRandom) {
  std::mt19937 random(7);
  for (int round = 0; round < 300; ++round) {
    std::set<int> cuts;
    for (int i = 0; i < 5; ++i) cuts.insert(static_cast<int>(random() % 200));
    std::string trace = "cuts at";
    for (int cut : cuts) trace += " " + std::to_string(cut);
    SCOPED_TRACE(trace);
    play(cuts);
    if (testing::Test::HasFailure()) return;
  }
}

}  // namespace
}  // namespace croft::core

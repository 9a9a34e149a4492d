// Tests of a command's life against a real Mosquitto and a node that speaks MQTT.
// SPDX-License-Identifier: Apache-2.0
#include "command/dispatcher.hpp"

#include <gtest/gtest.h>

#include "command/command_store.hpp"
#include "db/test_database.hpp"
#include "mqtt/test_broker.hpp"
#include "protocol/command_codec.hpp"

namespace croft::command {
namespace {

using mqtt::eventually;
using mqtt::play;
using std::chrono::milliseconds;

const DeviceId kBed("bed-1");
const UserId kAlice("alice");

mqtt::Options options(const mqtt::TestBroker& broker, const char* id) {
  mqtt::Options options;
  options.port = broker.port();
  options.client_id = id;
  options.backoff_least = options.backoff_most = milliseconds(20);
  return options;
}

class CommandLife : public testing::Test {
 protected:
  CommandLife() {
    db::migrate(*database_, "command", commands::migrations());
    directory_.put({kBed, kAlice, "Bed"});
    devices_.listen(platform_);
    listening_ = feed_.command_changed.subscribe(
        [this](const live::CommandChanged& event) { told_.push_back(event.command); });
  }
  ~CommandLife() override {
    platform_.stop();
    node_.stop();
    loop_.restart();
    loop_.run_for(milliseconds(50));
  }

  Command led(const char* action = "on", Seconds validity = Seconds(60)) {
    Command command;
    command.device = kBed;
    command.owner = kAlice;
    command.actuator = "led";
    command.action = action;
    command.by = "Alice";
    command.cause = "user";
    command.expires = clock_.now() + validity;
    return command;
  }
  void start_platform() {
    dispatcher_.start();
    spawn(loop_.get_executor(), "platform", platform_.run());
    spawn(loop_.get_executor(), "dispatcher", dispatcher_.run());
  }
  // A node that does what it is told, or refuses when `refusal` is set; silent when `mute`.
  void start_node() {
    node_.subscribe("croft/v1/bed-1/command", 1, [this](mqtt::Delivery delivery) {
      protocol::Command command;
      ASSERT_TRUE(protocol::decode_command(delivery.payload(), command));
      received_.emplace_back(command.id.view());
      delivery.acknowledge();
      if (!mute_) answer(command);
    });
    node_.on_connected(
        [this](bool) { node_.post({"croft/v1/bed-1/status", "online", 1, true, std::nullopt}); });
    spawn(loop_.get_executor(), "node", node_.run());
  }
  void answer(const protocol::Command& command) {
    protocol::CommandAck ack;
    ack.id = command.id;
    ack.actuator = command.actuator;
    ack.on = command.on;
    ack.done = refusal_.empty();
    ack.reason.assign(refusal_);
    char text[protocol::kMaxCommandAckBytes];
    node_.post({"croft/v1/bed-1/command/ack",
                std::string(protocol::encode_command_ack(ack, text, sizeof text)), 1, false,
                std::nullopt});
  }
  std::optional<Command> stored(const CommandId& id) {
    return database_->read_now([&](db::Connection& c) { return commands::find(c, id); });
  }
  std::vector<std::string> states() const {
    std::vector<std::string> names;
    for (const auto& command : told_) names.emplace_back(to_string(command.state));
    return names;
  }

  mqtt::TestBroker broker_;
  asio::io_context loop_;
  HandClock clock_{std::chrono::time_point_cast<Milliseconds>(std::chrono::system_clock::now())};
  Metrics metrics_;
  std::unique_ptr<db::Database> database_ = db::test_database();
  DeviceDirectory directory_;
  live::Feed feed_;
  live::Devices devices_{directory_, feed_, clock_};
  mqtt::Client platform_{loop_.get_executor(), options(broker_, "platform")};
  mqtt::Client node_{loop_.get_executor(), options(broker_, "node")};
  UserDirectory users_;
  Needs needs_{loop_.get_executor(),
               *database_,
               platform_,
               directory_,
               feed_,
               devices_,
               clock_,
               metrics_,
               users_};
  Dispatcher dispatcher_{needs_};
  std::vector<Command> told_;
  std::shared_ptr<void> listening_;
  std::vector<std::string> received_;
  std::string refusal_;
  bool mute_ = false;
};

}  // namespace

TEST_F(CommandLife, GoesFromPendingOverSentToDone) {
  start_platform();
  start_node();
  play(loop_, [&]() -> Task<void> {
    co_await eventually([&] { return devices_.now(kBed).online; });
    const auto command = co_await dispatcher_.add(led());
    const bool done = co_await eventually([&] { return told_.size() == 3; });
    EXPECT_TRUE(done);
    EXPECT_EQ(states(), (std::vector<std::string>{"pending", "sent", "done"}));
    const auto row = stored(command->id);
    EXPECT_EQ(row->state, CommandState::done);
    EXPECT_TRUE(row->sent && row->done);
  }());
}

TEST_F(CommandLife, KeepsTheNodesReasonWhenItRefuses) {
  refusal_ = "no such actuator";
  start_platform();
  start_node();
  play(loop_, [&]() -> Task<void> {
    co_await eventually([&] { return devices_.now(kBed).online; });
    const auto command = co_await dispatcher_.add(led());
    co_await eventually([&] { return told_.size() == 3; });
    EXPECT_EQ(stored(command->id)->state, CommandState::refused);
    EXPECT_EQ(stored(command->id)->reason, "no such actuator");
  }());
}

TEST_F(CommandLife, WaitsPendingForANodeThatIsNotThereAndIsSentWhenItComes) {
  start_platform();
  play(loop_, [&]() -> Task<void> {
    co_await eventually([&] { return platform_.connected(); });
    const auto command = co_await dispatcher_.add(led());
    co_await sleep_for(milliseconds(200));
    EXPECT_EQ(stored(command->id)->state, CommandState::pending);
    start_node();
    co_await eventually([&] { return stored(command->id)->state == CommandState::done; });
    EXPECT_EQ(stored(command->id)->state, CommandState::done);
  }());
}

TEST_F(CommandLife, ExpiresUnexecutedAndIsNeverSentAfter) {
  start_platform();
  play(loop_, [&]() -> Task<void> {
    co_await eventually([&] { return platform_.connected(); });
    const auto command = co_await dispatcher_.add(led("on", Seconds(10)));
    clock_.advance(Seconds(13));
    const bool expired =
        co_await eventually([&] { return stored(command->id)->state == CommandState::expired; });
    EXPECT_TRUE(expired);
    EXPECT_EQ(stored(command->id)->reason, "the device was not there in time");
    start_node();
    co_await eventually([&] { return devices_.now(kBed).online; });
    co_await sleep_for(milliseconds(200));
    EXPECT_TRUE(received_.empty());
  }());
}

TEST_F(CommandLife, IsRepeatedToANodeThatLostItAndSettledOnce) {
  mute_ = true;
  start_platform();
  start_node();
  play(loop_, [&]() -> Task<void> {
    co_await eventually([&] { return devices_.now(kBed).online; });
    const auto command = co_await dispatcher_.add(led());
    co_await eventually([&] { return stored(command->id)->state == CommandState::sent; });
    mute_ = false;
    clock_.advance(Seconds(3));
    node_.drop();  // it reboots, and says online again
    const bool done =
        co_await eventually([&] { return stored(command->id)->state == CommandState::done; });
    EXPECT_TRUE(done);
    co_await eventually([&] { return told_.back().state == CommandState::done; });
    EXPECT_GE(received_.size(), 2U);
    EXPECT_EQ(std::count_if(told_.begin(), told_.end(),
                            [](const auto& c) { return c.state == CommandState::done; }),
              1);
  }());
}

TEST_F(CommandLife, GoesOnAfterARestart) {
  const auto before = led();
  database_->write_now([&](db::Connection& c) {
    Command open = before;
    open.id = CommandId(new_id());
    open.created = clock_.now();
    commands::add(c, open);
  });
  start_platform();
  start_node();
  play(loop_, [&]() -> Task<void> {
    const bool done = co_await eventually([&] { return !told_.empty() && received_.size() == 1; });
    EXPECT_TRUE(done);
    co_await eventually([&] { return told_.back().state == CommandState::done; });
    EXPECT_EQ(told_.back().state, CommandState::done);
  }());
}

TEST_F(CommandLife, IgnoresAnswersToCommandsOfOtherDevicesAndNonsense) {
  mute_ = true;
  start_platform();
  start_node();
  play(loop_, [&]() -> Task<void> {
    co_await eventually([&] { return devices_.now(kBed).online; });
    const auto command = co_await dispatcher_.add(led());
    co_await eventually([&] { return stored(command->id)->state == CommandState::sent; });
    node_.post(
        {"croft/v1/bed-2/command/ack",
         R"({"id":")" + command->id.str() + R"(","state":"done","actuator":"led","value":"on"})", 1,
         false, std::nullopt});
    node_.post({"croft/v1/bed-1/command/ack", "{nonsense", 1, false, std::nullopt});
    co_await sleep_for(milliseconds(200));
    EXPECT_EQ(stored(command->id)->state, CommandState::sent);
  }());
}

TEST_F(CommandLife, RefusesMoreThanADeviceCanHaveOpen) {
  start_platform();
  play(loop_, [&]() -> Task<void> {
    for (std::size_t i = 0; i < Dispatcher::kMostOpenPerDevice; ++i) {
      const auto added = co_await dispatcher_.add(led());
      EXPECT_TRUE(added);
    }
    const auto refused = co_await dispatcher_.add(led());
    EXPECT_EQ(refused.error().code, Code::too_many);
  }());
}

TEST_F(CommandLife, IsForgottenWithItsDevice) {
  start_platform();
  play(loop_, [&]() -> Task<void> {
    const auto command = co_await dispatcher_.add(led());
    directory_.remove(kBed);
    feed_.device_removed.publish({{kBed, kAlice, "Bed"}});
    const bool gone = co_await eventually([&] { return !stored(command->id); });
    EXPECT_TRUE(gone);
  }());
}

}  // namespace croft::command

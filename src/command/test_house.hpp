// For tests: the parts around the command service, with a real Mosquitto, SQLite and a node that
// speaks MQTT.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "command/command_store.hpp"
#include "command/ending.hpp"
#include "command/timed.hpp"
#include "db/migrations.hpp"
#include "mqtt/test_broker.hpp"
#include "protocol/command_codec.hpp"

namespace croft::command {

inline mqtt::Options test_options(const mqtt::TestBroker& broker, const std::string& id) {
  mqtt::Options options;
  options.port = broker.port();
  options.client_id = id;
  options.backoff_least = options.backoff_most = std::chrono::milliseconds(20);
  return options;
}

// As the platform's own: the broker keeps for it what comes while it is away.
inline mqtt::Options lasting_options(const mqtt::TestBroker& broker, const std::string& id) {
  auto options = test_options(broker, id);
  options.session_expiry = std::chrono::seconds(60);
  return options;
}

// A node that does what it is told and reports it; the rest as its members say.
struct TestNode {
  TestNode(asio::io_context& loop, const mqtt::TestBroker& broker, std::string device)
      : loop(loop), id(std::move(device)), client(loop.get_executor(), test_options(broker, id)) {}

  void start() {
    client.subscribe("croft/v1/" + id + "/command", 1, [this](mqtt::Delivery delivery) {
      protocol::Command command;
      ASSERT_TRUE(protocol::decode_command(delivery.payload(), command));
      received.push_back(command);
      delivery.acknowledge();
      if (!mute) answer(command);
    });
    client.on_connected([this](bool) {
      post("status", "online", true);
      tell();
    });
    spawn(loop.get_executor(), "node", client.run());
  }
  void answer(const protocol::Command& command) {
    protocol::CommandAck ack;
    ack.id = command.id;
    ack.actuator = command.actuator;
    ack.on = command.on;
    ack.done = refusal.empty();
    ack.reason.assign(refusal);
    if (ack.done) state[std::string(command.actuator.view())] = command.on;
    if (ack.done) tell();
    char text[protocol::kMaxCommandAckBytes];
    post("command/ack", std::string(protocol::encode_command_ack(ack, text, sizeof text)), false);
  }
  // As if by its own clock, at the end of `for`.
  void end(const std::string& actuator) {
    state[actuator] = !state[actuator];
    tell();
  }
  void tell() {
    std::string text = "{";
    for (const auto& [actuator, on] : state)
      text += (text.size() > 1 ? ",\"" : "\"") + actuator + "\":" + (on ? "\"on\"" : "\"off\"");
    post("state", text + "}", true);
  }
  void post(const std::string& kind, std::string payload, bool retain) {
    client.post({"croft/v1/" + id + "/" + kind, std::move(payload), 1, retain, std::nullopt});
  }

  asio::io_context& loop;
  std::string id;
  mqtt::Client client;
  std::vector<protocol::Command> received;
  std::map<std::string, bool> state;
  std::string refusal;  // answers refused when not ""
  bool mute = false;    // hears and says nothing
};

class TestHouse : public testing::Test {
 protected:
  explicit TestHouse(std::unique_ptr<db::Database> database) : database_(std::move(database)) {
    db::migrate(*database_, "command", commands::migrations());
    directory_.put({kBed, kAlice, "Bed"});
    devices_.listen(platform_);
    listening_.push_back(feed_.command_changed.subscribe([this](const live::CommandChanged& event) {
      if (event.command.state == CommandState::pending) made_.push_back(event.command);
    }));
    listening_.push_back(feed_.timed_changed.subscribe(
        [this](const live::TimedChanged& event) { told_.push_back(event.json); }));
  }
  ~TestHouse() override {
    platform_.stop();
    node_.client.stop();
    loop_.restart();
    loop_.run_for(std::chrono::milliseconds(50));
  }

  void start_platform() {
    dispatcher_.start();
    endings_.start();
    timed_.start();
    spawn(loop_.get_executor(), "platform", platform_.run());
    spawn(loop_.get_executor(), "dispatcher", dispatcher_.run());
    spawn(loop_.get_executor(), "endings", endings_.run());
    spawn(loop_.get_executor(), "timed", timed_.run());
  }
  Task<bool> node_online() {
    node_.start();
    const bool online = co_await mqtt::eventually([this] { return devices_.now(kBed).online; });
    co_return online;
  }
  Timed led(std::int64_t for_seconds = 600) const {
    Timed timed;
    timed.device = kBed;
    timed.owner = kAlice;
    timed.actuator = "led";
    timed.action = "on";
    timed.for_seconds = for_seconds;
    timed.by = "Alice";
    return timed;
  }
  Timed led_at(Instant at, std::int64_t for_seconds = 600) const {
    auto timed = led(for_seconds);
    timed.at = at;
    return timed;
  }
  // Puts it into the table as an earlier process would have left it.
  TimedId store(Timed timed) {
    timed.id = TimedId(new_id());
    timed.created = clock_.now();
    if (!timed.next) timed.next = timed.at;
    database_->write_now([&](db::Connection& c) { timed::add(c, timed); });
    return timed.id;
  }
  Timed row(const TimedId& id) {
    return *database_->read_now([&](db::Connection& c) { return timed::find(c, id); });
  }
  // Waits until the row is so, and the live view has heard of it.
  Task<bool> becomes(TimedId id, TimedState state) {
    const bool so = co_await mqtt::eventually([this, id, state] { return row(id).state == state; });
    const std::string state_text = "\"state\":\"" + std::string(to_string(state)) + '"';
    const auto told = [&](const std::string& json) {
      return json.find(id.str()) != std::string::npos && json.find(state_text) != std::string::npos;
    };
    const bool heard =
        co_await mqtt::eventually([&] { return std::any_of(told_.begin(), told_.end(), told); });
    const bool both = so && heard;
    co_return both;
  }

  const DeviceId kBed{"bed-1"};
  const UserId kAlice{"alice"};
  mqtt::TestBroker broker_;
  asio::io_context loop_;
  HandClock clock_{std::chrono::time_point_cast<Milliseconds>(std::chrono::system_clock::now())};
  Metrics metrics_;
  std::unique_ptr<db::Database> database_;
  DeviceDirectory directory_;
  UserDirectory users_;
  live::Feed feed_;
  live::Devices devices_{directory_, feed_, clock_};
  mqtt::Client platform_{loop_.get_executor(), lasting_options(broker_, "platform")};
  TestNode node_{loop_, broker_, "bed-1"};
  Config config_;
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
  Endings endings_{needs_, dispatcher_};
  TimedCommands timed_{config_, needs_, dispatcher_};
  std::vector<Command> made_;      // commands, in the order of their making
  std::vector<std::string> told_;  // timed commands, as the live view hears of them
  std::vector<std::shared_ptr<void>> listening_;
};

}  // namespace croft::command

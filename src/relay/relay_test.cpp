// Tests of what services in different processes tell each other, through a real broker that lets
// each do no more than its account may.
// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <fstream>

#include "broker/test_house.hpp"
#include "relay/announcer.hpp"
#include "relay/follower.hpp"
#include "relay/reading_sink.hpp"
#include "relay/reading_source.hpp"
#include "relay/told.hpp"

namespace croft::relay {
namespace {

using mqtt::eventually;
using mqtt::play;
using std::chrono::milliseconds;
using std::chrono::seconds;

const std::string kKey(64, 'a');
const Instant kNoon = instant_from_ms(1'763'812'800'000);

Reading reading(const char* device, double value) {
  return {DeviceId(device), kNoon, kNoon + Seconds(1), false, {{"t", value}, {"on", true}}};
}

// What one process knows.
struct Process {
  Process(asio::io_context& loop, mqtt::Options options)
      : client(loop.get_executor(), std::move(options)) {}

  DeviceDirectory devices;
  UserDirectory users;
  live::Feed feed;
  HandClock clock{kNoon};
  Metrics metrics;
  live::Devices live{devices, feed, clock};
  mqtt::Client client;
};

class RelayTest : public testing::Test {
 protected:
  RelayTest() {
    auto config = broker::House::config(directory_.path());
    config.accounts.clear();
    for (const char* role : {"auth", "data", "command", "visualisation"})
      config.accounts.push_back({std::string("croft-") + role, role, role});
    broker_ = std::make_unique<broker::Mosquitto>(loop_.get_executor(), config, metrics_);
    broker_->start();
    spawn(loop_.get_executor(), "broker", broker_->watch());
  }
  mqtt::Options options(const std::string& role, const std::string& suffix = "") {
    mqtt::Options options;
    options.port = broker_->port();
    options.client_id = "croft-" + role + suffix;
    options.username = "croft-" + role;
    options.password = role;
    options.session_expiry = std::chrono::hours(1);
    options.backoff_least = std::chrono::milliseconds(10);
    options.backoff_most = std::chrono::milliseconds(50);
    return options;
  }
  std::unique_ptr<Process> process(const std::string& role) {
    return std::make_unique<Process>(loop_, options(role));
  }
  void run(mqtt::Client& client) { spawn(loop_.get_executor(), "mqtt", client.run()); }
  std::unique_ptr<Follower> follow(Process& process, const std::string& self) {
    return std::make_unique<Follower>(
        Follower::Needs{process.client, process.feed, process.devices, process.users, self,
                        directory_.path() / (self + ".json")},
        [this](const std::string& key) { key_ = key; });
  }
  // Auth with two devices and a user.
  void start_auth() {
    auth_ = process("auth");
    auth_->devices.put({DeviceId("d1"), UserId("alice"), "Bed \"1\""});
    auth_->devices.put({DeviceId("d2"), UserId("alice"), "Bett 2 \xC3\xA4"});
    auth_->users.put({UserId("alice"), "alice", "alice@example.org", "Europe/Paris"});
    announcer_ =
        std::make_unique<Announcer>(auth_->client, auth_->feed, auth_->devices, auth_->users, kKey);
    run(auth_->client);
  }

  mqtt::TestDirectory directory_;
  asio::io_context loop_;
  Metrics metrics_;
  std::unique_ptr<broker::Mosquitto> broker_;
  std::unique_ptr<Process> auth_;
  std::unique_ptr<Announcer> announcer_;
  std::string key_;
};

TEST_F(RelayTest, ACopyOfTheDirectoryComesWhoeverStartsFirst) {
  auto data = process("data");
  auto follower = follow(*data, "data");
  run(data->client);
  start_auth();
  auto command = process("command");
  auto later = follow(*command, "command");
  play(loop_, [&]() -> Task<void> {
    co_await eventually([&] { return follower->fresh(); });
    run(command->client);
    co_await eventually([&] { return later->fresh(); });
  }());
  for (const auto* process : {data.get(), command.get()}) {
    EXPECT_EQ(process->devices.size(), 2U);
    ASSERT_NE(process->devices.find("d1"), nullptr);
    EXPECT_EQ(process->devices.find("d1")->name, "Bed \"1\"");
    EXPECT_EQ(process->devices.find("d2")->name, "Bett 2 \xC3\xA4");
    EXPECT_EQ(process->users.find(UserId("alice"))->timezone, "Europe/Paris");
  }
  EXPECT_EQ(key_, kKey);
}

TEST_F(RelayTest, ChangesAreHeardAsIfAuthWereHere) {
  start_auth();
  auto data = process("data");
  auto follower = follow(*data, "data");
  std::string heard;
  const auto registered = data->feed.device_registered.subscribe(
      [&](const live::DeviceRegistered& event) { heard += "+" + event.device.id.str(); });
  const auto renamed = data->feed.device_renamed.subscribe(
      [&](const live::DeviceRenamed& event) { heard += "=" + event.device.name; });
  const auto removed = data->feed.device_removed.subscribe(
      [&](const live::DeviceRemoved& event) { heard += "-" + event.device.id.str(); });
  run(data->client);
  play(loop_, [&]() -> Task<void> {
    co_await eventually([&] { return follower->fresh(); });
    heard.clear();
    const DeviceEntry entry{DeviceId("d3"), UserId("alice"), "Bed 3"};
    auth_->devices.put(entry);
    auth_->feed.device_registered.publish({entry});
    const DeviceEntry better{DeviceId("d3"), UserId("alice"), "Roses"};
    auth_->devices.put(better);
    auth_->feed.device_renamed.publish({better});
    auth_->devices.remove(DeviceId("d3"));
    auth_->feed.device_removed.publish({better});
    auth_->users.remove(UserId("alice"));
    auth_->feed.user_removed.publish({UserId("alice")});
    co_await eventually([&] { return data->users.find(UserId("alice")) == nullptr; });
  }());
  EXPECT_EQ(heard, "+d3=Roses-d3");
  EXPECT_EQ(data->devices.size(), 2U);
}

TEST_F(RelayTest, WhatWentWhileSomebodyWasAwayIsNoticedWhenTheyComeBack) {
  start_auth();
  auto data = process("data");
  auto follower = follow(*data, "data");
  run(data->client);
  std::string gone;
  const auto removed = data->feed.device_removed.subscribe(
      [&](const live::DeviceRemoved& event) { gone += event.device.id.str(); });
  play(loop_, [&]() -> Task<void> {
    co_await eventually([&] { return follower->fresh(); });
    auth_->devices.remove(DeviceId("d1"));  // and nobody was told
    data->client.drop();
    co_await eventually([&] { return !gone.empty(); });
  }());
  EXPECT_EQ(gone, "d1");
}

TEST_F(RelayTest, OldNewsOutOfTheBrokersQueueRemovesNothing) {
  start_auth();
  {
    auto data = process("data");
    auto follower = follow(*data, "data");
    run(data->client);
    play(loop_, [&]() -> Task<void> {
      co_await eventually([&] { return follower->fresh(); });
      data->client.drop();  // the broker keeps its queue
      data->client.stop();
      co_await sleep_for(milliseconds(50));
      auth_->client.drop();  // tells the whole directory again, without d3
      co_await sleep_for(milliseconds(50));
      co_await eventually([&] { return auth_->client.connected(); });
      const DeviceEntry entry{DeviceId("d3"), UserId("alice"), "Bed 3"};
      auth_->devices.put(entry);
      auth_->feed.device_registered.publish({entry});
      co_await auth_->client.flush(seconds(1));
    }());
  }
  auto data = process("data");
  data->devices.put({DeviceId("d3"), UserId("alice"), "Bed 3"});  // learned before it connected
  auto follower = follow(*data, "data");
  std::string gone;
  const auto removed = data->feed.device_removed.subscribe(
      [&](const live::DeviceRemoved& event) { gone += event.device.id.str(); });
  run(data->client);
  play(loop_, [&]() -> Task<void> { co_await eventually([&] { return follower->fresh(); }); }());
  EXPECT_EQ(gone, "");
  EXPECT_EQ(data->devices.size(), 3U);
}

TEST_F(RelayTest, TheCopyOnDiskServesWhileAuthIsAway) {
  start_auth();
  {
    auto data = process("data");
    auto follower = follow(*data, "data");
    run(data->client);
    play(loop_, [&]() -> Task<void> {
      co_await eventually([&] { return follower->fresh(); });
      data->client.stop();
    }());
  }
  auto data = process("data");
  auto follower = follow(*data, "data");
  key_.clear();
  EXPECT_TRUE(follower->load());
  EXPECT_EQ(data->devices.size(), 2U);
  EXPECT_EQ(key_, kKey);
  EXPECT_FALSE(follower->fresh());
  std::ofstream(directory_.path() / "data.json") << "{\"key\":";
  auto other = process("data");
  EXPECT_FALSE(follow(*other, "data")->load());
}

TEST_F(RelayTest, ReadingsAreShownElsewhereAndTheirMessageWaitsForWhoeverKeepsThem) {
  start_auth();
  auto data = process("data");
  mqtt::Client outlet(loop_.get_executor(), options("data", "-outlet"));
  ReadingSource source({data->client, outlet, data->feed, data->live, data->metrics}, true);
  auto command = process("command");
  auto follower = follow(*command, "command");
  std::vector<Reading> kept_readings;
  std::function<void()> done;
  command->feed.keepers.push_back({[](const DeviceId& device) { return device.str() == "d1"; },
                                   [&](std::vector<Reading> readings, std::function<void()> kept) {
                                     kept_readings = std::move(readings);
                                     done = std::move(kept);
                                   }});
  ReadingSink sink({command->client, command->feed, command->live, command->devices, "command"},
                   {.latest = false, .keep = true});
  std::vector<Reading> shown;
  const auto stored = command->feed.reading_stored.subscribe(
      [&](const live::ReadingStored& event) { shown.push_back(event.reading); });
  run(data->client);
  run(outlet);
  run(command->client);
  const auto& keeper = data->feed.keepers.front();
  EXPECT_TRUE(keeper.wants(DeviceId("d2")));  // until it is told better
  bool kept = false;
  play(loop_, [&]() -> Task<void> {
    co_await eventually([&] { return follower->fresh() && outlet.connected(); });
    command->feed.keepers_changed.publish({});
    const bool told = co_await eventually(
        [&] { return keeper.wants(DeviceId("d1")) && !keeper.wants(DeviceId("d2")); });
    EXPECT_TRUE(told);
    data->feed.reading_stored.publish({reading("d1", 21.5)});
    keeper.keep({reading("d1", 21.5), reading("d1", 22)}, [&] { kept = true; });
    co_await eventually([&] { return kept && !shown.empty() && done; });
  }());
  ASSERT_EQ(shown.size(), 1U);
  EXPECT_EQ(shown[0].values, reading("d1", 21.5).values);
  EXPECT_EQ(shown[0].received, kNoon + Seconds(1));
  ASSERT_EQ(kept_readings.size(), 2U);
  EXPECT_EQ(kept_readings[1].values, reading("d1", 22).values);
}

TEST_F(RelayTest, WhatAKeeperHasNotDoneComesAgain) {
  start_auth();
  auto data = process("data");
  mqtt::Client outlet(loop_.get_executor(), options("data", "-outlet"));
  ReadingSource source({data->client, outlet, data->feed, data->live, data->metrics}, true);
  run(data->client);
  run(outlet);
  int given = 0;
  const auto come = [&](bool keeps) {
    auto command = process("command");
    command->devices.put({DeviceId("d1"), UserId("alice"), "Bed"});
    command->feed.keepers.push_back(
        {[](const DeviceId&) { return true; },
         [&given, keeps](const std::vector<Reading>&, const std::function<void()>& kept) {
           ++given;
           if (keeps) kept();
         }});
    return command;
  };
  const auto sink_of = [](Process& process) {
    return std::make_unique<ReadingSink>(
        ReadingSink::Needs{process.client, process.feed, process.live, process.devices, "command"},
        ReadingSink::Wants{.latest = false, .keep = true});
  };
  auto first = come(false);
  auto first_sink = sink_of(*first);
  run(first->client);
  play(loop_, [&]() -> Task<void> {
    co_await first->client.ready(seconds(5));
    co_await eventually([&] { return outlet.connected(); });
    data->feed.keepers.front().keep({reading("d1", 1)}, [] {});
    co_await eventually([&] { return given == 1; });
    first->client.drop();  // as a crash would
    first->client.stop();
    co_await sleep_for(milliseconds(50));
  }());
  auto second = come(true);
  auto second_sink = sink_of(*second);
  run(second->client);
  play(loop_, [&]() -> Task<void> { co_await eventually([&] { return given == 2; }); }());
  EXPECT_EQ(given, 2);
}

TEST_F(RelayTest, TheLatestValuesAreToldToWhoeverComesLater) {
  start_auth();
  auto data = process("data");
  data->devices.put({DeviceId("d1"), UserId("alice"), "Bed"});
  data->live.remember(reading("d1", 21.5));
  mqtt::Client outlet(loop_.get_executor(), options("data", "-outlet"));
  ReadingSource source({data->client, outlet, data->feed, data->live, data->metrics}, true);
  run(data->client);
  ReadingSink sink({auth_->client, auth_->feed, auth_->live, auth_->devices, "auth"},
                   {.latest = true, .keep = false});
  play(loop_, [&]() -> Task<void> {
    co_await data->client.ready(seconds(5));
    auth_->client.drop();  // it asks at each connect
    co_await eventually([&] { return !auth_->live.now(DeviceId("d1")).values.empty(); });
  }());
  EXPECT_EQ(auth_->live.now(DeviceId("d1")).values, reading("d1", 21.5).values);
  EXPECT_EQ(auth_->live.now(DeviceId("d1")).values_time, kNoon);
}

TEST_F(RelayTest, LiveViewsHearOfCommandsAndOfSessionsThatEnded) {
  start_auth();
  auto command = process("command");
  EventSource events(command->client, command->feed);
  auto view = process("visualisation");
  EventSink{true, true}.listen(view->client, view->feed);
  std::vector<live::Told> told;
  std::string ended;
  const auto hears = view->feed.told.subscribe([&](const live::Told& one) { told.push_back(one); });
  const auto sessions = view->feed.session_ended.subscribe(
      [&](const live::SessionEnded& event) { ended = event.session.str(); });
  run(command->client);
  run(view->client);
  play(loop_, [&]() -> Task<void> {
    co_await command->client.ready(seconds(5));
    co_await view->client.ready(seconds(5));
    co_await auth_->client.ready(seconds(5));
    command->feed.timed_changed.publish({UserId("alice"), DeviceId("d1"), R"({"id":"x"})"});
    auth_->feed.session_ended.publish({SessionId("s1")});
    co_await eventually([&] { return !told.empty() && !ended.empty(); });
  }());
  ASSERT_EQ(told.size(), 1U);
  EXPECT_EQ(told[0].owner, UserId("alice"));
  EXPECT_EQ(told[0].json, R"({"type":"timed","id":"x"})");
  EXPECT_EQ(ended, "s1");
}

TEST_F(RelayTest, TheLiveViewCannotSpeakForAuth) {
  start_auth();
  auto data = process("data");
  auto follower = follow(*data, "data");
  run(data->client);
  auto view = process("visualisation");
  run(view->client);
  play(loop_, [&]() -> Task<void> {
    co_await eventually([&] { return follower->fresh(); });
    co_await view->client.ready(seconds(5));
    mqtt::Message forged{"croft/internal/v1/auth/directory", R"({"goneDevices":["d1"]})"};
    const auto refused = co_await view->client.publish(std::move(forged));
    EXPECT_FALSE(refused);
    co_await sleep_for(milliseconds(50));
  }());
  EXPECT_EQ(data->devices.size(), 2U);
}

}  // namespace
}  // namespace croft::relay

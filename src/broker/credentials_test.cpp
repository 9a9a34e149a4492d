// Tests of who can connect when: new, rotated and removed devices, against a real broker.
// SPDX-License-Identifier: Apache-2.0
#include "broker/credentials.hpp"

#include <gtest/gtest.h>
#include <signal.h>

#include "broker/test_house.hpp"

namespace croft::broker {
namespace {

using mqtt::Client;
using mqtt::eventually;
using mqtt::play;
using std::chrono::steady_clock;

// Whether a client gets in within a second.
Task<bool> gets_in(House& house, Client& client) {
  spawn(house.loop.get_executor(), "node", client.run());
  const bool in = co_await client.ready(seconds(1));
  co_return in;
}

TEST(Credentials, LetADeviceInAsSoonAsSetReturns) {
  House house;
  house.start({});
  play(house.loop, [&]() -> Task<void> {
    for (int i = 0; i < 20; ++i) {
      const std::string id = "node" + std::to_string(i);
      const bool taken = co_await house.credentials->set(DeviceId(id), secret_hash(id));
      EXPECT_TRUE(taken);
      auto node = house.node(id);
      int refused = 0;
      node->on_lost([&](std::string_view) { ++refused; });
      const bool in = co_await gets_in(house, *node);
      EXPECT_TRUE(in) << id;
      EXPECT_EQ(refused, 0);
      node->stop();
    }
  }());
}

TEST(Credentials, CutARemovedDeviceAtOnceWithItsWill) {
  House house;
  house.start({{DeviceId("node"), secret_hash("node")}});
  std::vector<std::string> status;
  house.service->subscribe("croft/v1/+/status", 1, [&](mqtt::Delivery delivery) {
    status.emplace_back(delivery.payload());
    delivery.acknowledge();
  });
  auto node = house.node("node");
  std::string why;
  node->on_lost([&](std::string_view reason) { why = std::string(reason); });
  play(house.loop, [&]() -> Task<void> {
    co_await house.service->ready(seconds(5));
    const bool in = co_await gets_in(house, *node);
    EXPECT_TRUE(in);
    const bool taken = co_await house.credentials->remove(DeviceId("node"));
    EXPECT_TRUE(taken);
    co_await eventually([&] { return !why.empty(); }, milliseconds(500));
    EXPECT_EQ(why, "administrative action");
    co_await eventually([&] { return !status.empty(); }, seconds(2));
    EXPECT_EQ(status, std::vector<std::string>{"offline"});
    co_await sleep_for(milliseconds(300));
    EXPECT_FALSE(node->connected()) << "its secret is worthless";
  }());
}

TEST(Credentials, CutADeviceWhoseSecretChangedAndLetTheNewOneIn) {
  House house;
  house.start({{DeviceId("node"), secret_hash("node")}});
  auto old = house.node("node");
  int losses = 0;
  old->on_lost([&](std::string_view) { ++losses; });
  play(house.loop, [&]() -> Task<void> {
    co_await gets_in(house, *old);
    co_await house.credentials->set(DeviceId("node"), secret_hash("node", 2));
    co_await eventually([&] { return losses == 1; }, milliseconds(500));
    EXPECT_EQ(losses, 1);
    auto renewed = house.node("node", seconds(0), 2);
    const bool in = co_await gets_in(house, *renewed);
    EXPECT_TRUE(in);
    co_await sleep_for(milliseconds(200));
    EXPECT_TRUE(renewed->connected()) << "the old secret must not take the session over";
    EXPECT_FALSE(old->connected());
  }());
}

TEST(Credentials, ReplaceAllCutsWhoIsNotAmongThem) {
  House house;
  house.start({{DeviceId("stays"), secret_hash("stays")}, {DeviceId("goes"), secret_hash("goes")}});
  auto stays = house.node("stays");
  auto goes = house.node("goes");
  auto comes = house.node("comes");
  int lost_by_staying = 0;
  stays->on_lost([&](std::string_view) { ++lost_by_staying; });
  play(house.loop, [&]() -> Task<void> {
    co_await gets_in(house, *stays);
    co_await gets_in(house, *goes);
    house.credentials->replace_all(
        {{DeviceId("stays"), secret_hash("stays")}, {DeviceId("comes"), secret_hash("comes")}});
    co_await eventually([&] { return !goes->connected(); }, seconds(1));
    EXPECT_FALSE(goes->connected());
    const bool in = co_await gets_in(house, *comes);
    EXPECT_TRUE(in);
    EXPECT_EQ(lost_by_staying, 0);
  }());
}

TEST(Credentials, TheBrokerKnowsThemAfterItsDeathBeforeCroftIsBack) {
  House house;
  house.start({{DeviceId("node"), secret_hash("node")}});
  auto node = house.node("node");
  play(house.loop, [&]() -> Task<void> {
    co_await eventually(
        [&] { return std::filesystem::exists(house.directory.path() / "broker/devices"); },
        seconds(5));
    house.service->stop();
    ::kill(house.broker.pid(), SIGKILL);
    co_await sleep_for(milliseconds(50));
    co_await eventually([&] { return mqtt::listening(house.broker.port()); });
    const bool in = co_await gets_in(house, *node);
    EXPECT_TRUE(in);
  }());
}

TEST(Credentials, ReachTheBrokerWhenItComesBackThoughSetGaveUp) {
  House house;
  house.start({});
  play(house.loop, [&]() -> Task<void> {
    ::kill(house.broker.pid(), SIGSTOP);
    const auto started = steady_clock::now();
    const bool taken = co_await house.credentials->set(DeviceId("late"), secret_hash("late"));
    EXPECT_FALSE(taken);
    EXPECT_LT(steady_clock::now() - started, Credentials::kLimit + seconds(1));
    ::kill(house.broker.pid(), SIGCONT);
    auto node = house.node("late");
    spawn(house.loop.get_executor(), "node", node->run());
    const bool in = co_await node->ready(seconds(5));
    EXPECT_TRUE(in);
  }());
}

TEST(Credentials, TenThousandDevicesLoadWithinASecond) {
  House house;
  std::vector<Credential> many;
  for (int i = 0; i < 10'000; ++i)
    many.push_back({DeviceId("device-" + std::to_string(i)), secret_hash(std::to_string(i))});
  house.start({});
  play(house.loop, [&]() -> Task<void> {
    const auto started = steady_clock::now();
    house.credentials->replace_all(many);
    const bool taken = co_await house.credentials->taken(seconds(5));
    const auto took = steady_clock::now() - started;
    EXPECT_TRUE(taken);
    EXPECT_LT(took, seconds(1));
    std::printf("10,000 devices taken after %.1f ms\n",
                std::chrono::duration<double, std::milli>(took).count());
  }());
}

TEST(Credentials, ShowWhatTheBrokerDropped) {
  House house;
  house.start({});
  expose_dropped(*house.service, house.metrics);
  play(house.loop, [&]() -> Task<void> {
    co_await house.service->ready(seconds(5));
    co_await eventually([&] {
      return house.metrics.text().find("croft_broker_dropped_messages") != std::string::npos;
    });
  }());
  EXPECT_NE(house.metrics.text().find("croft_broker_dropped_messages 0"), std::string::npos);
}

}  // namespace
}  // namespace croft::broker

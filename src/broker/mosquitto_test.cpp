// Tests of our own Mosquitto as a process: start, faults, death, end.
// SPDX-License-Identifier: Apache-2.0
#include "broker/mosquitto.hpp"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/stat.h>

#include "broker/test_house.hpp"

namespace croft::broker {
namespace {

using mqtt::eventually;
using mqtt::play;

TEST(Mosquitto, StartsOnAFreePortWithinMoments) {
  House house;
  const auto started = std::chrono::steady_clock::now();
  const auto port = house.broker.start();
  EXPECT_LT(std::chrono::steady_clock::now() - started, milliseconds(2000));
  EXPECT_NE(port, 0);
  EXPECT_EQ(house.broker.port(), port);
  EXPECT_TRUE(mqtt::listening(port));
}

TEST(Mosquitto, KeepsItsFilesToItself) {
  House house;
  house.broker.start();
  struct stat about{};
  ASSERT_EQ(::stat((house.directory.path() / "broker/mosquitto.conf").c_str(), &about), 0);
  EXPECT_EQ(about.st_mode & 0777, 0600u);
  std::ifstream in(house.directory.path() / "broker/mosquitto.conf");
  const std::string text{std::istreambuf_iterator<char>(in), {}};
  EXPECT_EQ(text.find(kServiceSecret), std::string::npos) << "the hash alone";
}

TEST(Mosquitto, SaysWhichPortIsTaken) {
  House first;
  const auto port = first.broker.start();
  Config config = House::config(first.directory.path() / "second");
  config.listen = "127.0.0.1:" + std::to_string(port);
  Mosquitto second(first.loop.get_executor(), config, first.metrics);
  try {
    second.start();
    FAIL() << "two brokers on one port";
  } catch (const std::runtime_error& error) {
    EXPECT_NE(std::string(error.what()).find(std::to_string(port)), std::string::npos);
    EXPECT_NE(std::string(error.what()).find("taken"), std::string::npos) << error.what();
  }
}

TEST(Mosquitto, SaysWhatToInstall) {
  House house;
  Config config = House::config(house.directory.path());
  config.program = "mosquitto-that-is-not-there";
  Mosquitto broker(house.loop.get_executor(), config, house.metrics);
  try {
    broker.start();
    FAIL();
  } catch (const std::runtime_error& error) {
    EXPECT_NE(std::string(error.what()).find("install the package mosquitto"), std::string::npos);
  }
}

TEST(Mosquitto, SaysInTheBrokersWordsWhyItDoesNotStart) {
  House house;
  Config config = House::config(house.directory.path());
  config.plugin_path = "/etc/hostname";
  Mosquitto broker(house.loop.get_executor(), config, house.metrics);
  try {
    broker.start();
    FAIL();
  } catch (const std::runtime_error& error) {
    EXPECT_NE(std::string(error.what()).find("/etc/hostname"), std::string::npos) << error.what();
  }
}

TEST(Mosquitto, RefusesValuesThatCouldSmuggleALine) {
  House house;
  for (const auto& change : std::vector<std::function<void(Config&)>>{
           [](Config& c) { c.accounts[0].name = "croft\nallow_anonymous true"; },
           [](Config& c) { c.grants = {{"a", "x\nallow_anonymous true"}}; },
           [](Config& c) { c.grants = {{"a b", "x"}}; },
           [](Config& c) { c.grants = {{"a", "$SYS/#"}}; }, [](Config& c) { c.listen = "0.0.0.0"; },
           [](Config& c) { c.listen = "127.0.0.1:70000"; },
           [](Config& c) { c.listen = "a b:1883"; },
           [](Config& c) { c.accounts[0].secret = ""; }}) {
    Config config = House::config(house.directory.path());
    change(config);
    Mosquitto broker(house.loop.get_executor(), config, house.metrics);
    EXPECT_THROW(broker.start(), std::runtime_error);
  }
}

TEST(Mosquitto, UnderstandsAddresses) {
  EXPECT_EQ(parse_listen("127.0.0.1:1883").host, "127.0.0.1");
  EXPECT_EQ(parse_listen("[::1]:1883").host, "::1");
  EXPECT_EQ(parse_listen(":1883").host, "");
  EXPECT_EQ(parse_listen("1883").port, 1883);
}

TEST(Mosquitto, IsStartedAgainWhenKilledAndNodesComeBack) {
  House house;
  house.start({{DeviceId("node"), secret_hash("node")}});
  auto node = house.node("node");
  int connects = 0;
  node->on_connected([&](bool) { ++connects; });
  spawn(house.loop.get_executor(), "test", node->run());
  play(house.loop, [&]() -> Task<void> {
    co_await node->ready(seconds(5));
    const pid_t before = house.broker.pid();
    ::kill(before, SIGKILL);
    co_await eventually([&] { return connects == 2 && house.service->connected(); });
    EXPECT_NE(house.broker.pid(), before);
    EXPECT_EQ(connects, 2);
    co_await house.broker.stop();
  }());
  EXPECT_NE(house.metrics.text().find("croft_broker_restarts_total 1"), std::string::npos);
}

TEST(Mosquitto, KeepsSessionsAndQueuesOverAnOrderlyRestart) {
  const mqtt::TestDirectory directory;
  const auto with_house = [&](auto story) {
    House house(directory.path());
    house.start({{DeviceId("node"), secret_hash("node")}});
    auto node = house.node("node", seconds(600));
    std::vector<std::string> heard;
    node->subscribe("croft/v1/node/command", 1, [&](mqtt::Delivery delivery) {
      heard.emplace_back(delivery.payload());
      delivery.acknowledge();
    });
    play(house.loop, story(house, *node));
    return heard;
  };
  with_house([](House& house, mqtt::Client& node) -> Task<void> {
    spawn(house.loop.get_executor(), "test", node.run());
    co_await node.ready(seconds(5));
    node.stop();
    co_await sleep_for(milliseconds(50));
    co_await house.service->publish({"croft/v1/node/command", "while it slept"});
    co_await house.broker.stop();
  });
  const auto heard = with_house([](House& house, mqtt::Client& node) -> Task<void> {
    co_await house.service->publish({"croft/v1/node/command", "after the restart"});
    spawn(house.loop.get_executor(), "test", node.run());
    co_await node.ready(seconds(5));
    co_await sleep_for(milliseconds(100));
    co_await house.broker.stop();
  });
  EXPECT_EQ(heard, (std::vector<std::string>{"while it slept", "after the restart"}));
}

// A Croft of its own that is killed: its broker must end by itself, and the next one must wait for
// it.
TEST(Mosquitto, EndsWithAKilledCroftAndTheNextOneFollows) {
  const mqtt::TestDirectory directory;
  int ready[2];
  ASSERT_EQ(::pipe(ready), 0);
  const pid_t croft = ::fork();
  if (croft == 0) {
    House house(directory.path());
    const std::uint16_t port = house.broker.start();
    const pid_t pid = house.broker.pid();
    const bool told =
        ::write(ready[1], &port, sizeof(port)) > 0 && ::write(ready[1], &pid, sizeof(pid)) > 0;
    if (told) ::pause();
    ::_exit(1);
  }
  std::uint16_t port = 0;
  pid_t pid = 0;
  ASSERT_EQ(::read(ready[0], &port, sizeof(port)), ssize_t(sizeof(port)));
  ASSERT_EQ(::read(ready[0], &pid, sizeof(pid)), ssize_t(sizeof(pid)));
  ::kill(croft, SIGKILL);
  ::waitpid(croft, nullptr, 0);
  House next(directory.path());
  Config config = House::config(directory.path());
  config.listen = "127.0.0.1:" + std::to_string(port);
  Mosquitto broker(next.loop.get_executor(), config, next.metrics);
  EXPECT_EQ(broker.start(), port);
  std::ifstream command("/proc/" + std::to_string(pid) + "/cmdline");
  const std::string line{std::istreambuf_iterator<char>(command), {}};
  EXPECT_EQ(line.find(directory.path().string()), std::string::npos) << "the first one still runs";
  ::close(ready[0]);
  ::close(ready[1]);
}

TEST(Mosquitto, HandsItsChildNoDescriptorOfOurs) {
  House house;
  const int ours = ::open((house.directory.path() / "ours").c_str(), O_RDWR | O_CREAT, 0600);
  house.broker.start();
  const auto folder = "/proc/" + std::to_string(house.broker.pid()) + "/fd";
  int seen = 0;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    std::error_code gone;
    const auto target = std::filesystem::read_symlink(entry, gone).string();
    EXPECT_EQ(target.find("/ours"), std::string::npos);
    ++seen;
  }
  EXPECT_GE(seen, 4) << "its own: input, output, listener, poll";
  ::close(ours);
}

}  // namespace
}  // namespace croft::broker

// Tests of the fleet against a real Mosquitto, with a small platform that stores and acknowledges.
// SPDX-License-Identifier: Apache-2.0
#include "device/sim/fleet.hpp"

#include <gtest/gtest.h>

#include <boost/asio/detached.hpp>
#include <fstream>
#include <map>
#include <set>
#include <sstream>
#include <stdexcept>
#include <tuple>

#include "mqtt/client.hpp"
#include "mqtt/test_broker.hpp"
#include "protocol/ack_codec.hpp"
#include "protocol/command_codec.hpp"
#include "protocol/reading_codec.hpp"
#include "protocol/topics.hpp"

namespace croft::sim {
namespace {

using std::chrono::milliseconds;
using namespace std::chrono_literals;

// Keeps what it hears and acknowledges it, as the data service does; can be deaf for a while.
class Platform {
 public:
  Platform(asio::io_context& loop, std::uint16_t port)
      : client(loop.get_executor(), options(port)) {
    client.subscribe("croft/v1/+/telemetry", 1,
                     [this](mqtt::Delivery delivery) { hear(delivery); });
    client.subscribe("croft/v1/+/status", 1, [this](mqtt::Delivery delivery) {
      status[device(delivery)] = std::string(delivery.payload());
      delivery.acknowledge();
    });
    client.subscribe("croft/v1/+/state", 1, [this](mqtt::Delivery delivery) {
      state[device(delivery)] = std::string(delivery.payload());
      delivery.acknowledge();
    });
    client.subscribe("croft/v1/+/command/ack", 1, [this](mqtt::Delivery delivery) {
      answers.emplace_back(delivery.payload());
      delivery.acknowledge();
    });
  }

  std::size_t online() const {
    return std::count_if(status.begin(), status.end(),
                         [](const auto& one) { return one.second == "online"; });
  }

  mqtt::Client client;
  bool deaf = false;
  std::set<std::tuple<std::string, std::uint32_t, std::uint32_t>> stored;
  std::uint64_t repeated = 0;
  std::map<std::string, std::string> status, state;
  std::vector<std::string> answers;
  double coldest = 1e9, hottest = -1e9;

 private:
  static mqtt::Options options(std::uint16_t port) {
    mqtt::Options options;
    options.port = port;
    options.client_id = "platform";
    return options;
  }
  static std::string device(const mqtt::Delivery& delivery) {
    return std::string(protocol::parse_topic(delivery.topic())->device);
  }
  void hear(mqtt::Delivery& delivery) {
    const std::string from = device(delivery);
    delivery.acknowledge();
    if (deaf) return;
    protocol::Ack ack;
    const auto outcome =
        protocol::decode_readings(delivery.payload(), [&](const protocol::ReadingView& reading) {
          ASSERT_TRUE(reading.time_ms && reading.boot && reading.seq);
          if (!stored.insert({from, *reading.boot, *reading.seq}).second) ++repeated;
          ack.boot = *reading.boot;
          ack.add(*reading.seq);
          coldest = std::min(coldest, reading.values[0].number);
          hottest = std::max(hottest, reading.values[0].number);
          EXPECT_EQ(reading.count, 3u);
        });
    ASSERT_TRUE(outcome) << delivery.payload();
    char payload[protocol::kMaxAckBytes];
    client.post({"croft/v1/" + from + "/telemetry/ack",
                 std::string(protocol::encode_ack(ack, payload, sizeof payload))});
  }
};

struct World {
  asio::io_context loop;
  mqtt::TestBroker broker;
  mqtt::TestDirectory directory;
  SystemClock clock;
  Platform platform{loop, broker.port()};

  World() { spawn(loop.get_executor(), "platform", platform.client.run()); }

  Config config(int nodes) {
    Config config;
    config.port = broker.port();
    for (int i = 0; i < nodes; ++i) {
      config.devices.push_back({"node-" + std::to_string(i), "", "Node"});
    }
    config.interval = milliseconds(50);
    config.spread = milliseconds(20);
    config.progress = 0s;
    return config;
  }
  Task<void> ready() {
    const bool ready = co_await platform.client.ready(10s);
    EXPECT_TRUE(ready);
  }
  void command(const std::string& device, const std::string& id, const std::string& actuator,
               int for_seconds) {
    protocol::Command command;
    command.id.assign(id);
    command.actuator.assign(actuator);
    command.on = true;
    command.for_seconds = for_seconds;
    command.expires_ms = to_ms(clock.now()) + 60'000;
    char payload[protocol::kMaxCommandBytes];
    platform.client.post({"croft/v1/" + device + "/command",
                          std::string(protocol::encode_command(command, payload, sizeof payload))});
  }
};

// Runs a fleet beside the story and waits for its end.
struct Running {
  explicit Running(World& world, Config config)
      : loop(world.loop), fleet(loop.get_executor(), world.clock, std::move(config)) {
    asio::co_spawn(loop, fleet.run(), [this](std::exception_ptr failure) {
      EXPECT_FALSE(failure);
      ended = true;
    });
  }
  Task<void> end() {
    fleet.stop();
    const bool in_time = co_await mqtt::eventually([this] { return ended; });
    EXPECT_TRUE(in_time);
  }
  asio::io_context& loop;
  Fleet fleet;
  bool ended = false;
};

TEST(Fleet, ReadingsArriveAreStoredAndLeaveTheNodes) {
  World world;
  Running running(world, world.config(5));
  const auto story = [&]() -> Task<void> {
    co_await world.ready();
    const bool enough =
        co_await mqtt::eventually([&] { return running.fleet.stats().stored > 200; });
    EXPECT_TRUE(enough);
    EXPECT_EQ(world.platform.online(), 5u);
    EXPECT_EQ(running.fleet.stats().connected, 5u);
    EXPECT_EQ(running.fleet.stats().nodes, 5u);
    EXPECT_LT(running.fleet.stats().buffered, 100u);
    EXPECT_EQ(running.fleet.stats().dropped, 0u);
    EXPECT_GT(world.platform.coldest, 0);
    EXPECT_LT(world.platform.hottest, 45);
    co_await running.end();
    const bool offline = co_await mqtt::eventually([&] { return world.platform.online() == 0; });
    EXPECT_TRUE(offline);
  };
  mqtt::play(world.loop, story());
}

TEST(Fleet, ACommandIsObeyedAnsweredAndEndsInTime) {
  World world;
  Running running(world, world.config(2));
  const auto story = [&]() -> Task<void> {
    co_await world.ready();
    co_await mqtt::eventually([&] { return world.platform.state.size() == 2; });
    EXPECT_EQ(world.platform.state["node-1"], R"({"led":"off","pump":"off"})");
    const auto sent = std::chrono::steady_clock::now();
    world.command("node-1", "c1", "led", 1);
    co_await mqtt::eventually(
        [&] { return world.platform.state["node-1"] == R"({"led":"on","pump":"off"})"; });
    const auto on = std::chrono::steady_clock::now();
    EXPECT_LT(on - sent, 500ms);
    EXPECT_EQ(world.platform.answers.at(0),
              R"({"id":"c1","state":"done","actuator":"led","value":"on"})");
    co_await mqtt::eventually(
        [&] { return world.platform.state["node-1"] == R"({"led":"off","pump":"off"})"; });
    const auto lit = std::chrono::steady_clock::now() - on;
    EXPECT_GT(lit, 900ms);
    EXPECT_LT(lit, 1500ms);
    world.command("node-1", "c1", "led", 1);
    co_await mqtt::eventually([&] { return world.platform.answers.size() == 2; });
    world.command("node-0", "c2", "heater", 1);
    co_await mqtt::eventually([&] { return world.platform.answers.size() == 3; });
    EXPECT_EQ(world.platform.answers.at(1), world.platform.answers.at(0));
    EXPECT_EQ(world.platform.answers.at(2),
              R"({"id":"c2","state":"refused","reason":"unknownActuator"})");
    EXPECT_EQ(running.fleet.stats().commands, 1u);
    EXPECT_EQ(running.fleet.stats().commands_refused, 1u);
    co_await running.end();
  };
  mqtt::play(world.loop, story());
}

TEST(Fleet, NothingIsLostWhenConnectionsDropAndTheBrokerDies) {
  World world;
  Config config = world.config(4);
  config.buffer = 2000;
  Running running(world, std::move(config));
  const auto story = [&]() -> Task<void> {
    co_await world.ready();
    for (int i = 0; i < 5; ++i) {
      co_await sleep_for(200ms);
      running.fleet.drop_connections();
    }
    world.broker.end(SIGKILL);
    co_await sleep_for(300ms);
    EXPECT_EQ(running.fleet.stats().connected, 0u);
    world.broker.start();
    co_await world.ready();
    running.fleet.drop_connections();  // what came before the platform did is sent again at once
    const std::uint64_t until = running.fleet.stats().sampled;
    const bool stored =
        co_await mqtt::eventually([&] { return running.fleet.stats().stored >= until; }, 30s);
    EXPECT_TRUE(stored);
    const Stats stats = running.fleet.stats();
    EXPECT_EQ(stats.dropped, 0u);
    EXPECT_EQ(stats.stored + stats.buffered, stats.sampled);
    EXPECT_GE(world.platform.stored.size(), stats.stored);
    co_await running.end();
  };
  mqtt::play(world.loop, story(), 90s);
}

TEST(Fleet, KeepsReadingsWhileThePlatformIsDeafAndSendsThemAgain) {
  World world;
  Running running(world, world.config(2));
  world.platform.deaf = true;
  const auto story = [&]() -> Task<void> {
    co_await world.ready();
    co_await mqtt::eventually([&] { return running.fleet.stats().buffered > 60; });
    EXPECT_EQ(running.fleet.stats().stored, 0u);
    world.platform.deaf = false;
    running.fleet.drop_connections();  // rather than waiting for the pause before a repetition
    const bool stored =
        co_await mqtt::eventually([&] { return running.fleet.stats().buffered < 6; });
    EXPECT_TRUE(stored);
    EXPECT_GT(running.fleet.stats().sent, running.fleet.stats().sampled);
    co_await running.end();
  };
  mqtt::play(world.loop, story());
}

TEST(Fleet, LogsExactlyWhatWasAcknowledged) {
  World world;
  Config config = world.config(3);
  config.acknowledged_log = world.directory.path() / "acknowledged";
  config.state_dir = world.directory.path() / "boots";
  std::uint64_t stored = 0;
  {
    Running running(world, config);
    const auto story = [&]() -> Task<void> {
      co_await world.ready();
      co_await mqtt::eventually([&] { return running.fleet.stats().stored > 50; });
      co_await running.end();
      stored = running.fleet.stats().stored;
    };
    mqtt::play(world.loop, story());
  }
  std::ifstream log(config.acknowledged_log);
  std::string device;
  std::uint32_t boot = 0, seq = 0;
  std::set<std::tuple<std::string, std::uint32_t, std::uint32_t>> logged;
  while (log >> device >> boot >> seq) {
    EXPECT_TRUE(logged.insert({device, boot, seq}).second) << device << ' ' << seq;
    EXPECT_EQ(world.platform.stored.count({device, boot, seq}), 1u);
  }
  EXPECT_EQ(logged.size(), stored);
}

TEST(Fleet, CountsTheBootsOfEachNodeInItsDirectory) {
  World world;
  Config config = world.config(1);
  config.state_dir = world.directory.path() / "boots";
  std::set<std::uint32_t> boots;
  for (int run = 0; run < 3; ++run) {
    Running running(world, config);
    const auto story = [&]() -> Task<void> {
      co_await world.ready();
      const std::size_t before = world.platform.stored.size();
      co_await mqtt::eventually([&] { return world.platform.stored.size() > before + 3; });
      co_await running.end();
    };
    mqtt::play(world.loop, story());
  }
  for (const auto& [device, boot, seq] : world.platform.stored) boots.insert(boot);
  EXPECT_EQ(boots.size(), 3u);
  EXPECT_EQ(*boots.rbegin() - *boots.begin(), 2u);
}

TEST(Fleet, ThousandNodesConnectAndAreHeard) {
  World world;
  Config config = world.config(1000);
  config.interval = 1s;
  config.spread = 0ms;
  Running running(world, std::move(config));
  const auto story = [&]() -> Task<void> {
    co_await world.ready();
    const bool all = co_await mqtt::eventually([&] { return world.platform.online() == 1000; });
    EXPECT_TRUE(all);
    const bool stored =
        co_await mqtt::eventually([&] { return running.fleet.stats().stored > 3000; });
    EXPECT_TRUE(stored);
    co_await running.end();
  };
  mqtt::play(world.loop, story());
}

TEST(Fleet, MayGoBeforeItsNodesHaveEnded) {
  World world;
  {
    Running running(world, world.config(3));
    const auto story = [&]() -> Task<void> {
      co_await mqtt::eventually([&] { return running.fleet.stats().connected == 3; });
    };
    mqtt::play(world.loop, story());
    running.fleet.stop();
    world.loop.restart();
    world.loop.run_for(1s);
    EXPECT_TRUE(running.ended);
  }
  {
    auto fleet = std::make_unique<Fleet>(world.loop.get_executor(), world.clock, world.config(3));
    asio::co_spawn(world.loop, fleet->run(), asio::detached);
    world.loop.run_for(300ms);
    fleet.reset();
    world.loop.run_for(300ms);
  }
}

TEST(Fleet, SaysWhatIsWrongWithItsConfiguration) {
  asio::io_context loop;
  const SystemClock clock;
  const auto complaint = [&](auto change) -> std::string {
    Config config;
    config.devices = {{"a", "s", "A"}};
    change(config);
    try {
      Fleet fleet(loop.get_executor(), clock, std::move(config));
    } catch (const std::runtime_error& error) {
      return error.what();
    }
    return "";
  };
  EXPECT_EQ(complaint([](Config&) {}), "");
  EXPECT_EQ(complaint([](Config& config) { config.devices.clear(); }), "no devices to simulate");
  EXPECT_EQ(complaint([](Config& config) { config.devices.push_back({"a b", "", ""}); }),
            "\"a b\" is not a device id");
  EXPECT_EQ(complaint([](Config& config) { config.devices.push_back({"a", "", ""}); }),
            "device a is listed twice");
  EXPECT_NE(complaint([](Config& config) { config.interval = 0ms; }), "");
  EXPECT_NE(complaint([](Config& config) { config.buffer = 2'000'000; }), "");
  EXPECT_EQ(complaint([](Config& config) { config.acknowledged_log = "/dev/null/x"; }),
            "cannot write /dev/null/x");
  EXPECT_NE(complaint([](Config& config) { config.state_dir = "/dev/null/x"; }), "");
}

}  // namespace
}  // namespace croft::sim

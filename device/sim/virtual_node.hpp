// One virtual node: device/core on a board made of software, connected by the platform's client.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <fstream>
#include <functional>
#include <memory>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "base/log.hpp"
#include "device/core/node.hpp"
#include "device/sim/boot_files.hpp"
#include "device/sim/climate.hpp"
#include "device/sim/fleet.hpp"
#include "mqtt/client.hpp"

namespace croft::sim {

/// What all nodes of a fleet share.
struct Surroundings {
  Surroundings(const Executor& on, const Clock& clock, const Config& config);

  std::uint64_t uptime_ms() const;

  Executor executor;
  const Clock& wall;
  std::chrono::steady_clock::time_point start = std::chrono::steady_clock::now();
  std::string host;
  std::uint16_t port;
  bool tls;
  std::string ca_file;
  std::chrono::milliseconds interval;
  std::size_t buffer;
  std::uint64_t seed;
  Sky sky;
  BootFiles boots;
  std::ofstream acknowledged;  // open when a log is wanted
  std::mt19937 random{std::random_device{}()};
  std::vector<char> payload;  // one message is written at a time
  log::Throttle complaints{10.0};
  std::function<void(std::uint32_t)> wants_tick;  // the node's number; its next due time changed
};

class VirtualNode final : private core::Hal, private core::Transport {
 public:
  VirtualNode(Surroundings& surroundings, std::uint32_t number, Credential credential);

  /// Boots the node and keeps it connected until stop().
  Task<void> run();
  /// What is due; before run() nothing.
  void tick();
  std::uint64_t next_due_ms();
  void stop();
  void drop_connection() { client_.drop(); }

  bool connected_now() const { return client_.connected(); }
  const core::Node& node() const { return node_; }

 private:
  // core::Hal
  std::uint64_t uptime_ms() override { return shared_.uptime_ms(); }
  std::optional<std::int64_t> wall_ms() override { return to_ms(shared_.wall.now()); }
  std::uint32_t random() override { return static_cast<std::uint32_t>(shared_.random()); }
  std::optional<float> read_sensor(std::size_t sensor) override;
  bool set_actuator(std::size_t actuator, bool on) override;
  std::optional<std::uint32_t> load(core::Setting) override;
  bool save(core::Setting, std::uint32_t value) override;
  void log(core::Level level, std::string_view message, std::string_view detail) override;
  void stored(std::uint32_t boot, std::uint32_t seq) override;
  // core::Transport
  bool connected() override { return client_.connected(); }
  bool publish(std::string_view topic, std::string_view payload, int qos, bool retain) override;
  void drop() override { client_.drop(); }

  mqtt::Options options(std::string secret) const;
  core::NodeConfig config() const;
  core::NodeMemory memory();
  void listen();

  Surroundings& shared_;
  std::uint32_t number_;
  bool running_ = false;
  std::string device_;
  Plot plot_;
  Influence influence_;
  std::unique_ptr<unsigned char[]> outbox_;
  core::Node node_;
  mqtt::Client client_;
};

}  // namespace croft::sim

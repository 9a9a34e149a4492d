// A board and a network for tests: time is turned by hand, every message is one step on the wire.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <array>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "device/core/node.hpp"
#include "protocol/reading_codec.hpp"

namespace croft::core {

struct ScriptedBoard final : Hal {
  std::uint64_t uptime = 0;
  std::optional<std::int64_t> wall;  // at uptime 0
  std::vector<std::optional<float>> sensors;
  std::map<std::size_t, bool> actuators;
  std::map<std::size_t, std::vector<std::pair<std::uint64_t, bool>>> switched;  // when, to what
  std::optional<std::uint32_t> saved_boot = 16;
  bool can_save = true;
  bool can_switch = true;
  std::vector<std::string> lines;
  std::set<std::pair<std::uint32_t, std::uint32_t>> told_stored;
  std::uint32_t random_state = 1;

  std::uint64_t uptime_ms() override { return uptime; }
  std::optional<std::int64_t> wall_ms() override {
    if (!wall) return std::nullopt;
    return *wall + static_cast<std::int64_t>(uptime);
  }
  std::uint32_t random() override { return random_state = random_state * 1664525 + 1013904223; }
  std::optional<float> read_sensor(std::size_t sensor) override { return sensors.at(sensor); }
  bool set_actuator(std::size_t actuator, bool on) override {
    if (!can_switch) return false;
    actuators[actuator] = on;
    switched[actuator].emplace_back(uptime, on);
    return true;
  }
  std::optional<std::uint32_t> load(Setting) override { return saved_boot; }
  bool save(Setting, std::uint32_t value) override {
    if (can_save) saved_boot = value;
    return can_save;
  }
  void log(Level, std::string_view message, std::string_view detail) override {
    lines.push_back(std::string(message) + "|" + std::string(detail));
  }
  void stored(std::uint32_t boot, std::uint32_t seq) override {
    if (!told_stored.insert({boot, seq}).second) lines.push_back("told twice");
  }
};

struct Sent {
  std::string topic, payload;
  int qos = 0;
  bool retain = false;
};

/// Keeps what the node says, in order.
struct ScriptedTransport final : Transport {
  bool up = false;
  bool full = false;
  int drops = 0;
  std::deque<Sent> sent;

  bool connected() override { return up; }
  bool publish(std::string_view topic, std::string_view payload, int qos, bool retain) override {
    if (!up || full) return false;
    sent.push_back({std::string(topic), std::string(payload), qos, retain});
    return true;
  }
  void drop() override {
    ++drops;
    up = false;
  }
  /// The payloads for one topic since the last call; everything else is thrown away.
  std::vector<std::string> take(std::string_view topic) {
    std::vector<std::string> out;
    for (const Sent& message : sent) {
      if (message.topic == topic) out.push_back(message.payload);
    }
    sent.clear();
    return out;
  }
};

/// A node of three sensors, a led and a pump (safe: off, at most 60 s on), with its board and wire.
struct Greenhouse {
  static constexpr std::array<Sensor, 3> kSensors{
      {{"temperature", 1}, {"humidity", 0}, {"soilMoisture", 0}}};
  static constexpr std::array<Actuator, 2> kActuators{{{"led", false, 0}, {"pump", false, 60}}};
  static constexpr std::int64_t kWall = 1795352400000;

  ScriptedBoard board;
  ScriptedTransport wire;
  std::vector<unsigned char> outbox;
  std::vector<char> payload = std::vector<char>(4096);
  std::optional<Node> node;

  explicit Greenhouse(std::size_t readings = 100, NodeConfig config = {}) {
    board.sensors = {23.1f, 41.f, 512.f};
    board.wall = kWall;
    outbox.resize(Outbox::bytes_for(readings, kSensors.size()));
    config.device = "d1";
    config.sensors = kSensors.data();
    config.sensor_count = kSensors.size();
    config.actuators = kActuators.data();
    config.actuator_count = kActuators.size();
    node.emplace(config, NodeMemory{outbox.data(), outbox.size(), payload.data(), payload.size()},
                 board, wire);
  }

  void connect() {
    wire.up = true;
    node->on_connected();
  }
  void lose() {
    wire.up = false;
    wire.sent.clear();
    node->on_lost();
  }
  /// Lets time pass, ticking whenever the node asks for it.
  void pass(std::uint64_t ms) {
    const std::uint64_t end = board.uptime + ms;
    while (node->next_due_ms() <= end) {
      board.uptime = std::max(board.uptime, node->next_due_ms());
      node->tick();
    }
    board.uptime = end;
    node->tick();
  }
  void acknowledge(std::uint32_t first, std::uint32_t last) {
    node->on_message("croft/v1/d1/telemetry/ack", "{\"boot\":" + std::to_string(node->boot()) +
                                                      ",\"seq\":[[" + std::to_string(first) + "," +
                                                      std::to_string(last) + "]]}");
  }
  void command(const std::string& id, const std::string& actuator, const std::string& action,
               int for_seconds = 0, std::int64_t expires_in_ms = 60'000) {
    const std::int64_t now = board.wall_ms().value_or(kWall);
    std::string text = "{\"id\":\"" + id + "\",\"actuator\":\"" + actuator + "\",\"action\":\"" +
                       action + "\",\"expires\":" + std::to_string(now + expires_in_ms);
    if (for_seconds > 0) text += ",\"for\":" + std::to_string(for_seconds);
    node->on_message("croft/v1/d1/command", text + "}");
  }
  std::vector<std::string> telemetry() { return wire.take("croft/v1/d1/telemetry"); }
  std::vector<std::string> answers() { return wire.take("croft/v1/d1/command/ack"); }
  bool led() { return board.actuators[0]; }
};

}  // namespace croft::core

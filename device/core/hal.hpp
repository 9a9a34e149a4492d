// The few verbs between a node and its board, and between a node and its connection.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace croft::core {

enum class Level : std::uint8_t { info, warning };

/// Small numbers that outlive a restart.
enum class Setting : std::uint8_t { boot };

/// The board. Everything is called from the one thread that runs the node, and none of it may block
/// for longer than a sensor takes.
class Hal {
 public:
  /// Milliseconds since the start, never going back, never wrapping.
  virtual std::uint64_t uptime_ms() = 0;
  /// Milliseconds since 1970 UTC; nullopt until the clock has been set (NTP).
  virtual std::optional<std::int64_t> wall_ms() = 0;
  /// From a true source, different after each start: boot numbers hang on it.
  virtual std::uint32_t random() = 0;

  /// The sensor's value now; nullopt when it does not answer.
  virtual std::optional<float> read_sensor(std::size_t sensor) = 0;
  /// False when the actuator could not be set.
  virtual bool set_actuator(std::size_t actuator, bool on) = 0;

  /// nullopt when nothing was ever saved, or it cannot be read.
  virtual std::optional<std::uint32_t> load(Setting setting) = 0;
  virtual bool save(Setting setting, std::uint32_t value) = 0;

  /// One line for whoever watches the board; `detail` may be empty.
  virtual void log(Level level, std::string_view message, std::string_view detail) = 0;
  /// Told once for every reading that the platform has stored.
  virtual void stored(std::uint32_t boot, std::uint32_t seq) = 0;

 protected:
  ~Hal() = default;
};

/// The connection to the broker. It connects and reconnects by itself (with a back-off and jitter),
/// subscribes to Node::topic(telemetry_ack) and (command) with QoS 1, carries Node's last will, and
/// tells the node through on_connected(), on_lost() and on_message().
///
/// Messages go out in the order of publish(). A received command is acknowledged to the broker only
/// after Node::on_message() has returned: so its answer is on the wire first, and a connection cut
/// in between makes the broker deliver the command again instead of losing the answer.
class Transport {
 public:
  virtual bool connected() = 0;
  /// Copies the message into its queue. False when there is no room or no connection.
  virtual bool publish(std::string_view topic, std::string_view payload, int qos, bool retain) = 0;
  /// Gives the connection up so that a new one is made: the node found it dead.
  virtual void drop() = 0;

 protected:
  ~Transport() = default;
};

}  // namespace croft::core

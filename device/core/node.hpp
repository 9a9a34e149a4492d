// A node: samples, keeps and sends readings until they are stored, obeys commands, tells its state.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "device/core/actuators.hpp"
#include "device/core/commands.hpp"
#include "device/core/hal.hpp"
#include "device/core/outbox.hpp"
#include "protocol/topics.hpp"

namespace croft::core {

struct Sensor {
  std::string_view name;      // protocol::is_name, and none of time, boot, seq
  std::uint8_t decimals = 1;  // how exact the sensor is; readings are rounded to it
};

/// What a node is and how it behaves. Views and lists must outlive the node.
struct NodeConfig {
  std::string_view device;
  const Sensor* sensors = nullptr;
  std::size_t sensor_count = 0;
  const Actuator* actuators = nullptr;
  std::size_t actuator_count = 0;
  std::uint32_t interval_ms = 1000;           // between samples
  std::uint16_t window = 64;                  // readings sent and not yet acknowledged
  std::uint16_t batch = 20;                   // readings in one message, when there is a backlog
  std::uint32_t resend_after_ms = 10'000;     // without progress; doubles up to
  std::uint32_t resend_at_most_ms = 120'000;  // this, and drops back with the next progress
  std::uint8_t telemetry_qos = 1;
};

/// Memory the node works in; given by the caller, so that the node itself never allocates.
struct NodeMemory {
  void* outbox = nullptr;  // Outbox::bytes_for(readings, sensors)
  std::size_t outbox_bytes = 0;
  char* payload = nullptr;  // scratch for one message, used only within a call: nodes may share it
  std::size_t payload_bytes = 0;  // at least kMinPayloadBytes
};
constexpr std::size_t kMinPayloadBytes = 1024;

struct NodeStats {
  std::uint64_t sampled = 0;
  std::uint64_t sent = 0;    // readings handed to the connection, repeats included
  std::uint64_t stored = 0;  // acknowledged by the platform
  std::uint64_t commands_done = 0;
  std::uint64_t commands_refused = 0;
  std::uint64_t commands_repeated = 0;
};

/// One thread calls everything. tick() does all that is due and says by next_due_ms() when it wants
/// to be called again; calling it more often is harmless.
///
/// - Every reading carries boot (a counter that survives restarts, or a random number where nothing
///   can be saved) and seq, and stays in the outbox until a telemetry/ack covers it. What is sent
///   and not acknowledged is sent again after a pause or a new connection; the platform stores it
///   once.
/// - A command that has expired, or that came before the node knew the time, is refused. A repeated
///   id gets its first answer again. `for` ends on the board's own clock.
class Node {
 public:
  Node(const NodeConfig& config, const NodeMemory& memory, Hal& hal, Transport& transport);
  Node(const Node&) = delete;
  Node& operator=(const Node&) = delete;

  /// Actuators to their safe state, a new boot number, the first sample within one interval.
  void start();
  void tick();
  std::uint64_t next_due_ms();

  void on_connected();
  void on_lost();
  void on_message(std::string_view topic, std::string_view payload);
  /// Says "offline" before an intended end, when no last will is sent.
  void say_goodbye();

  /// This device's topic, in `buffer`.
  std::string_view topic(protocol::Kind kind, char (&buffer)[protocol::kMaxTopicBytes]) const;

  std::uint32_t boot() const { return boot_; }
  const Outbox& outbox() const { return outbox_; }
  const Actuators& actuators() const { return actuators_; }
  const NodeStats& stats() const { return stats_; }

 private:
  void sample_if_due();
  void set_times_if_clock_came();
  void send_announcements();
  void send_readings();
  bool send_batch();
  void resend_if_due();
  bool publish(protocol::Kind kind, std::string_view payload, int qos, bool retain);
  bool publish_state();
  bool publish_answer(const Answer& answer);
  void give_up_if_stuck();

  void on_ack(std::string_view payload);
  void on_command(std::string_view payload);
  CommandResult obey(const protocol::Command& command);
  void answer(std::string_view id, const CommandResult& result);
  void restart_resend_pause();

  NodeConfig config_;
  NodeMemory memory_;
  Hal& hal_;
  Transport& transport_;
  Outbox outbox_;
  Actuators actuators_;
  CommandMemory memory_of_commands_;
  AnswerQueue answers_;
  NodeStats stats_;
  std::uint64_t next_sample_ms_ = 0;
  std::uint64_t resend_ms_ = kNever;       // when what is in flight counts as lost
  std::uint64_t stuck_since_ms_ = kNever;  // the connection takes nothing since
  std::uint32_t resend_pause_ms_ = 0;
  std::uint32_t boot_ = 0;
  std::uint32_t next_seq_ = 1;
  bool clock_known_ = false;
  bool status_due_ = false;
  bool state_due_ = false;
};

}  // namespace croft::core

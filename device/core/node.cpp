// A node's life: start, sampling, connection, commands. Sending is in node_send.cpp.
// SPDX-License-Identifier: Apache-2.0
#include "device/core/node.hpp"

#include <cmath>

namespace croft::core {
namespace {

constexpr std::uint64_t kRetryMs = 100;  // when the connection had no room

std::uint64_t earlier(std::uint64_t a, std::uint64_t b) { return a < b ? a : b; }

}  // namespace

Node::Node(const NodeConfig& config, const NodeMemory& memory, Hal& hal, Transport& transport)
    : config_(config),
      memory_(memory),
      hal_(hal),
      transport_(transport),
      outbox_(memory.outbox, memory.outbox_bytes, config.sensor_count),
      actuators_(config.actuators, config.actuator_count, hal),
      resend_pause_ms_(config.resend_after_ms) {
  if (config_.interval_ms == 0) config_.interval_ms = 1;
}

void Node::start() {
  actuators_.start();
  // The first number is random: a board whose memory was wiped must not use its old numbers again,
  // or the platform would take new readings for known ones.
  const std::optional<std::uint32_t> before = hal_.load(Setting::boot);
  boot_ = (before ? *before : hal_.random() >> 2) + 1;
  if (!hal_.save(Setting::boot, boot_)) {
    boot_ = hal_.random() | 0x80000000u;
    hal_.log(Level::warning, "the boot number cannot be saved; using a random one", {});
  }
  next_sample_ms_ = hal_.uptime_ms() + hal_.random() % config_.interval_ms;
}

void Node::tick() {
  if (actuators_.tick()) state_due_ = true;
  set_times_if_clock_came();
  sample_if_due();
  if (!transport_.connected()) return;
  send_announcements();
  resend_if_due();
  send_readings();
  give_up_if_stuck();
}

std::uint64_t Node::next_due_ms() {
  std::uint64_t due = earlier(next_sample_ms_, actuators_.next_due_ms());
  if (!transport_.connected()) return due;
  if (stuck_since_ms_ != kNever) due = earlier(due, hal_.uptime_ms() + kRetryMs);
  return outbox_.in_flight() > 0 ? earlier(due, resend_ms_) : due;
}

// Readings made before the clock was set get their time as soon as it is.
void Node::set_times_if_clock_came() {
  if (clock_known_) return;
  const std::optional<std::int64_t> wall = hal_.wall_ms();
  if (!wall) return;
  clock_known_ = true;
  outbox_.set_clock(*wall - static_cast<std::int64_t>(hal_.uptime_ms()));
}

void Node::sample_if_due() {
  const std::uint64_t now = hal_.uptime_ms();
  if (now < next_sample_ms_) return;
  // A late tick takes one sample, not one for each that was missed.
  const std::uint64_t missed = (now - next_sample_ms_) / config_.interval_ms;
  next_sample_ms_ += (missed + 1) * config_.interval_ms;
  Sample sample;
  bool any = false;
  for (std::size_t i = 0; i < outbox_.sensors(); ++i) {
    sample.values[i] = hal_.read_sensor(i).value_or(NAN);
    any = any || std::isfinite(sample.values[i]);
  }
  if (!any) {
    hal_.log(Level::warning, "no sensor answers; check the wiring", {});
    return;
  }
  const std::optional<std::int64_t> wall = hal_.wall_ms();
  sample.has_wall = wall.has_value();
  sample.at_ms = wall.value_or(static_cast<std::int64_t>(now));
  sample.seq = next_seq_++;
  ++stats_.sampled;
  if (!outbox_.push(sample) && (outbox_.dropped() & (outbox_.dropped() - 1)) == 0) {
    // At every power of two, so that a long outage does not fill a log.
    hal_.log(Level::warning, "the outbox is full; the oldest reading was given up", {});
  }
}

void Node::on_connected() {
  status_due_ = true;
  state_due_ = true;
  stuck_since_ms_ = kNever;
  outbox_.rewind();
  resend_pause_ms_ = config_.resend_after_ms;
  tick();
}

void Node::on_lost() {
  outbox_.rewind();
  resend_ms_ = kNever;
  stuck_since_ms_ = kNever;
}

void Node::on_message(std::string_view topic, std::string_view payload) {
  const auto parsed = protocol::parse_topic(topic);
  if (!parsed || parsed->device != config_.device) return;
  if (parsed->kind == protocol::Kind::telemetry_ack) on_ack(payload);
  if (parsed->kind == protocol::Kind::command) on_command(payload);
}

void Node::on_ack(std::string_view payload) {
  protocol::Ack ack;
  const protocol::Outcome outcome = protocol::decode_ack(payload, ack);
  if (!outcome) {
    hal_.log(Level::warning, "an acknowledgement was not understood",
             protocol::to_string(outcome.refusal));
    return;
  }
  if (ack.boot != boot_) return;  // readings of an earlier life
  const bool progress = outbox_.acknowledge(ack, [this](std::uint32_t seq) {
    ++stats_.stored;
    hal_.stored(boot_, seq);
  });
  if (progress) {
    resend_pause_ms_ = config_.resend_after_ms;
    restart_resend_pause();
  }
  if (transport_.connected()) send_readings();
}

void Node::on_command(std::string_view payload) {
  protocol::Command command;
  const protocol::Outcome outcome = protocol::decode_command(payload, command);
  const std::string_view id = command.id.view();
  if (id.empty()) {
    hal_.log(Level::warning, "a command without an id was ignored",
             protocol::to_string(outcome.refusal));
    return;
  }
  if (const CommandResult* known = memory_of_commands_.find(id)) {
    ++stats_.commands_repeated;
    answer(id, *known);
    return;
  }
  CommandResult result;
  if (outcome) {
    result = obey(command);
  } else {
    result.reason = Reason::not_understood;
  }
  ++(result.reason == Reason::none ? stats_.commands_done : stats_.commands_refused);
  memory_of_commands_.remember(id, result);
  answer(id, result);
  if (result.reason == Reason::none) state_due_ = !(transport_.connected() && publish_state());
}

CommandResult Node::obey(const protocol::Command& command) {
  CommandResult result;
  const std::optional<std::size_t> actuator = actuators_.find(command.actuator.view());
  const std::optional<std::int64_t> wall = hal_.wall_ms();
  if (!actuator) {
    result.reason = Reason::unknown_actuator;
  } else if (!wall) {
    result.reason = Reason::clock_unset;
  } else if (*wall >= command.expires_ms) {
    result.reason = Reason::expired;
  } else if (!actuators_.command(*actuator, command.on, command.for_seconds)) {
    result.reason = Reason::actuator_failed;
  } else {
    result.actuator = static_cast<std::uint8_t>(*actuator);
    result.on = command.on;
  }
  return result;
}

}  // namespace croft::core

// What a node says: readings within a window, answers to commands, its state and presence.
// SPDX-License-Identifier: Apache-2.0
#include <cmath>

#include "device/core/node.hpp"
#include "protocol/reading_codec.hpp"

namespace croft::core {
namespace {

constexpr std::uint64_t kStuckMs = 60'000;

// A float rounded to the sensor's decimals as the nearest double, which prints as few digits.
double rounded(float value, std::uint8_t decimals) {
  constexpr double kScales[] = {1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6};
  const double scale = kScales[decimals < 6 ? decimals : 6];
  return std::round(static_cast<double>(value) * scale) / scale;
}

bool add(protocol::ReadingEncoder& encoder, const NodeConfig& config, std::uint32_t boot,
         const Sample& sample) {
  protocol::Measurement values[kMaxSensors];
  protocol::ReadingFields reading;
  reading.boot = boot;
  reading.seq = sample.seq;
  if (sample.has_wall) reading.time_ms = sample.at_ms;
  reading.values = values;
  for (std::size_t i = 0; i < config.sensor_count && i < kMaxSensors; ++i) {
    if (!std::isfinite(sample.values[i])) continue;
    values[reading.count++] = {config.sensors[i].name,
                               rounded(sample.values[i], config.sensors[i].decimals), false};
  }
  return encoder.add(reading);
}

}  // namespace

std::string_view Node::topic(protocol::Kind kind, char (&buffer)[protocol::kMaxTopicBytes]) const {
  return protocol::write_topic(config_.device, kind, buffer, sizeof buffer);
}

bool Node::publish(protocol::Kind kind, std::string_view payload, int qos, bool retain) {
  char buffer[protocol::kMaxTopicBytes];
  const bool taken = transport_.publish(topic(kind, buffer), payload, qos, retain);
  if (taken) {
    stuck_since_ms_ = kNever;
  } else if (stuck_since_ms_ == kNever) {
    stuck_since_ms_ = hal_.uptime_ms();
  }
  return taken;
}

// Presence first, then what the actuators are, then answers that are still owed.
void Node::send_announcements() {
  if (status_due_) status_due_ = !publish(protocol::Kind::status, protocol::kOnline, 1, true);
  if (state_due_) state_due_ = !publish_state();
  while (!answers_.empty() && publish_answer(answers_.front())) answers_.pop();
}

void Node::send_readings() {
  while (outbox_.in_flight() < config_.window && outbox_.first_unsent() < outbox_.size()) {
    if (!send_batch()) return;
  }
}

// One message: a lone reading as an object, a backlog as an array.
bool Node::send_batch() {
  const bool first_in_flight = outbox_.in_flight() == 0;
  const std::size_t room = config_.window - outbox_.in_flight();
  const std::size_t most = room < config_.batch ? room : config_.batch;
  protocol::ReadingEncoder encoder(memory_.payload, memory_.payload_bytes);
  std::size_t last = outbox_.first_unsent();
  for (std::size_t i = last; i < outbox_.size() && encoder.size() < most;
       i = outbox_.next_unsent(i + 1)) {
    if (!add(encoder, config_, boot_, outbox_.at(i))) break;
    last = i;
  }
  const std::size_t count = encoder.size();
  if (count == 0) {
    hal_.log(Level::warning, "a reading does not fit a message; give the node more payload memory",
             {});
    outbox_.mark_sent(last, 1);  // tried again with everything else, and the others go on
    return true;
  }
  if (!publish(protocol::Kind::telemetry, encoder.finish(), config_.telemetry_qos, false)) {
    return false;
  }
  outbox_.mark_sent(last, count);
  stats_.sent += count;
  if (first_in_flight) restart_resend_pause();
  return true;
}

// Up to a quarter longer, so that a thousand nodes do not repeat themselves in the same instant.
void Node::restart_resend_pause() {
  const std::uint32_t jitter = hal_.random() % (resend_pause_ms_ / 4 + 1);
  resend_ms_ = hal_.uptime_ms() + resend_pause_ms_ + jitter;
}

void Node::resend_if_due() {
  if (outbox_.in_flight() == 0 || hal_.uptime_ms() < resend_ms_) return;
  outbox_.rewind();
  resend_pause_ms_ = resend_pause_ms_ > config_.resend_at_most_ms / 2 ? config_.resend_at_most_ms
                                                                      : resend_pause_ms_ * 2;
}

// A connection that takes nothing for a minute is dead, whatever it says.
void Node::give_up_if_stuck() {
  if (stuck_since_ms_ == kNever || hal_.uptime_ms() - stuck_since_ms_ < kStuckMs) return;
  hal_.log(Level::warning, "the connection takes no messages; making a new one", {});
  stuck_since_ms_ = kNever;
  transport_.drop();
}

bool Node::publish_state() {
  protocol::ActuatorState state;
  for (std::size_t i = 0; i < actuators_.size(); ++i) {
    state.add(actuators_.name(i), actuators_.is_on(i));
  }
  char payload[protocol::kMaxStateBytes];
  return publish(protocol::Kind::state, protocol::encode_state(state, payload, sizeof payload), 1,
                 true);
}

bool Node::publish_answer(const Answer& answer) {
  protocol::CommandAck ack;
  ack.id = answer.id;
  ack.done = answer.result.reason == Reason::none;
  ack.on = answer.result.on;
  if (ack.done) {
    ack.actuator.assign(actuators_.name(answer.result.actuator));
  } else {
    ack.reason.assign(to_string(answer.result.reason));
  }
  char payload[protocol::kMaxCommandAckBytes];
  return publish(protocol::Kind::command_ack,
                 protocol::encode_command_ack(ack, payload, sizeof payload), 1, false);
}

void Node::answer(std::string_view id, const CommandResult& result) {
  const Answer answer{id, result};
  if (answers_.empty() && transport_.connected() && publish_answer(answer)) return;
  if (!answers_.push(answer)) {
    hal_.log(Level::warning, "too many unsent answers; one command stays unanswered", {});
  }
}

void Node::say_goodbye() {
  if (transport_.connected()) publish(protocol::Kind::status, protocol::kOffline, 1, true);
}

}  // namespace croft::core

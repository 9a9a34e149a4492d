// Commands to a node, its answers, and the state of its actuators, as JSON and back.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "protocol/refusal.hpp"
#include "protocol/text.hpp"

namespace croft::protocol {

/// `{"id":"...","actuator":"led","action":"on","for":600,"expires":"2026-11-22T13:00:00.000Z"}`
struct Command {
  Text<kMaxCommandIdBytes> id;  // is_command_id
  Text<kMaxNameBytes> actuator;
  bool on = false;
  std::optional<std::uint32_t> for_seconds;  // 1 to kMaxForSeconds; then back to the opposite
  std::int64_t expires_ms = 0;               // RFC 3339 or epoch s/ms when decoded
};

/// `{"id":"...","state":"done","actuator":"led","value":"on"}`, or
/// `{"id":"...","state":"refused","reason":"expired"}`
struct CommandAck {
  Text<kMaxCommandIdBytes> id;
  bool done = false;
  Text<kMaxNameBytes> actuator;  // may be empty when refused
  bool on = false;               // the actuator's value when done
  Text<kMaxReasonBytes> reason;  // when refused; UTF-8
};

/// `{"led":"on","pump":"off"}`
struct ActuatorState {
  struct Entry {
    Text<kMaxNameBytes> actuator;
    bool on = false;
  };
  std::size_t count = 0;
  Entry entries[kMaxActuators];

  /// False when there is no room or the name is already there.
  bool add(std::string_view actuator, bool on);
  const Entry* begin() const { return entries; }
  const Entry* end() const { return entries + count; }
};

constexpr std::size_t kMaxCommandBytes = 320;
constexpr std::size_t kMaxCommandAckBytes =
    64 + kMaxCommandIdBytes + kMaxNameBytes + 6 * kMaxReasonBytes;
constexpr std::size_t kMaxStateBytes = 2 + kMaxActuators * (kMaxNameBytes + 9);

/// Each encoder returns the payload in `buffer`, or empty when it does not fit or the message
/// breaks its own grammar; the constants above always suffice.
std::string_view encode_command(const Command& command, char* buffer, std::size_t capacity);
std::string_view encode_command_ack(const CommandAck& ack, char* buffer, std::size_t capacity);
std::string_view encode_state(const ActuatorState& state, char* buffer, std::size_t capacity);

/// Each decoder steps over members it does not know. After a refusal `into` is not to be used, but
/// a command's id that was read before the fault stays there, so that a node can answer it.
Outcome decode_command(std::string_view payload, Command& into);
Outcome decode_command_ack(std::string_view payload, CommandAck& into);
Outcome decode_state(std::string_view payload, ActuatorState& into);

}  // namespace croft::protocol

// A command to an actuator, from the asking to what the node made of it.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.hpp"
#include "base/ids.hpp"
#include "base/json.hpp"

namespace croft {

enum class CommandState { pending, sent, done, refused, expired };

std::string_view to_string(CommandState);
std::optional<CommandState> command_state(std::string_view);

struct Command {
  CommandId id;
  DeviceId device;
  UserId owner;                             // of the device when it was made
  std::string actuator;                     // "led"
  std::string action;                       // "on" or "off", always absolute
  std::optional<std::int64_t> for_seconds;  // the node returns to the opposite state after that
  CommandState state = CommandState::pending;
  std::string by;     // the user's name
  std::string cause;  // "user", "timed:<id>", "trigger:<id>"
  Instant created{};
  std::optional<Instant> sent;  // the broker took it for a listening node
  std::optional<Instant> done;  // the node said done or refused, or it expired
  Instant expires{};
  std::string reason;  // why it was refused or expired; else ""
};

// The contract's command object, plus "reason" when there is one.
void write_json(JsonWriter&, const Command&);

}  // namespace croft

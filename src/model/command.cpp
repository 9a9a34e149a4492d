// Commands as JSON, and the names of their states.
// SPDX-License-Identifier: Apache-2.0
#include "model/command.hpp"

namespace croft {

std::string_view to_string(CommandState state) {
  switch (state) {
    case CommandState::pending:
      return "pending";
    case CommandState::sent:
      return "sent";
    case CommandState::done:
      return "done";
    case CommandState::refused:
      return "refused";
    case CommandState::expired:
      return "expired";
  }
  return "pending";
}

std::optional<CommandState> command_state(std::string_view name) {
  for (const auto state : {CommandState::pending, CommandState::sent, CommandState::done,
                           CommandState::refused, CommandState::expired})
    if (to_string(state) == name) return state;
  return std::nullopt;
}

void write_json(JsonWriter& json, const Command& command) {
  json.begin_object();
  json.member("id", command.id.str());
  json.member("device", command.device.str());
  json.member("actuator", command.actuator);
  json.member("action", command.action);
  json.member("for", command.for_seconds);
  json.member("state", to_string(command.state));
  json.member("by", command.by);
  json.member("cause", command.cause);
  json.member("created", command.created);
  json.member("sent", command.sent);
  json.member("done", command.done);
  json.member("expires", command.expires);
  if (!command.reason.empty()) json.member("reason", command.reason);
  json.end_object();
}

}  // namespace croft

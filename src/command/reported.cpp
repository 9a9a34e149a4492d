// Sets commands against what the nodes report.
// SPDX-License-Identifier: Apache-2.0
#include "command/reported.hpp"

#include <map>
#include <string>
#include <utility>

#include "command/command_store.hpp"

namespace croft::command {
namespace {

constexpr Seconds kUnderWay{2};  // a node's report may still be coming

// Where the actuator must be; nothing while it may be either.
std::optional<std::string> expected(const Command& command, Instant now) {
  if (!command.done || now < *command.done + kUnderWay) return std::nullopt;
  if (!command.for_seconds) return command.action;
  const auto ends = *command.done + Seconds(*command.for_seconds);
  if (now < ends) return command.action;
  if (now < ends + kUnderWay) return std::nullopt;
  return command.action == "on" ? "off" : "on";
}

}  // namespace

std::vector<Asked> with_newest(db::Connection& connection, std::vector<Command> found) {
  std::map<std::pair<DeviceId, std::string>, std::optional<CommandId>> newest;
  std::vector<Asked> asked;
  for (auto& command : found) {
    const auto [known, first] = newest.try_emplace({command.device, command.actuator});
    if (first) known->second = commands::newest_done(connection, command.device, command.actuator);
    const bool is_newest = known->second == command.id;
    asked.push_back({std::move(command), is_newest});
  }
  return asked;
}

void write_reported(JsonWriter& json, const Asked& asked, const Reported& reported) {
  const auto& command = asked.command;
  const auto found = reported.device.state.find(command.actuator);
  std::optional<std::string> position;
  if (found != reported.device.state.end()) position = found->second;
  const auto wanted = asked.newest ? expected(command, reported.now) : std::nullopt;
  JsonWriter whole;
  write_json(whole, command);
  auto text = std::move(whole).str();
  text.pop_back();  // the closing bracket, for two members more
  text += ",\"reported\":";
  if (position)
    append_json_string(text, *position);
  else
    text += "null";
  text +=
      wanted && position && *wanted != *position ? ",\"mismatch\":true}" : ",\"mismatch\":false}";
  json.raw(text);
}

}  // namespace croft::command

// Commands in the database: SQL and nothing but SQL.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "command/page.hpp"
#include "db/database.hpp"
#include "db/migrations.hpp"
#include "model/command.hpp"

namespace croft::command::commands {

std::span<const db::Migration> migrations();

void add(db::Connection&, const Command&);
std::optional<Command> find(db::Connection&, const CommandId&);
std::vector<Command> open(db::Connection&);  // pending or sent, oldest first

std::vector<Command> list(db::Connection&, const Page&);  // newest first

// Each answers the command as it is afterwards, or nothing when it had moved on already.
std::optional<Command> mark_sent(db::Connection&, const CommandId&, Instant at);
// A node's word counts even after the command expired: it says what really happened.
struct Outcome {
  CommandId id;
  DeviceId device;
  CommandState state;  // done or refused
  std::string reason;
  Instant at;
};
std::optional<Command> finish(db::Connection&, const Outcome&);
std::vector<Command> expire(db::Connection&, Instant now);
// Takes back one that did not leave yet: it expires at once.
std::optional<Command> withdraw(db::Connection&, const CommandId&, Instant at);
// The command that put the actuator where it is, as far as Croft knows.
std::optional<CommandId> newest_done(db::Connection&, const DeviceId&, std::string_view actuator);

// A done command with `for`, to be looked at after its time: did the node end it?
struct Over {
  Command command;
  Instant ending{};         // when it was to be looked at
  bool superseded = false;  // another command to that actuator was done later
};
std::vector<Over> over(db::Connection&, Instant before, int limit);
// Looks again then, or never; false when somebody else has decided meanwhile.
bool look_again(db::Connection&, const Over&, std::optional<Instant> at);
void look_now(db::Connection&, const DeviceId&, Instant now);

// Deletes at most `limit` commands of a removed device; returns how many.
std::int64_t forget(db::Connection&, const DeviceId&, int limit);

}  // namespace croft::command::commands

// Commands in the database: SQL and nothing but SQL.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "db/database.hpp"
#include "db/migrations.hpp"
#include "model/command.hpp"

namespace croft::command::commands {

std::span<const db::Migration> migrations();

void add(db::Connection&, const Command&);
std::optional<Command> find(db::Connection&, const CommandId&);
std::vector<Command> open(db::Connection&);  // pending or sent, oldest first

struct Page {
  UserId owner;
  std::optional<DeviceId> device;
  std::string before;  // ids below this one; "" for the newest
  int limit = 100;
};
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
// Deletes at most `limit` commands of a removed device; returns how many.
std::int64_t forget(db::Connection&, const DeviceId&, int limit);

}  // namespace croft::command::commands

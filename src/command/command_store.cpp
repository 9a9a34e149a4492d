// SQL of the commands table.
// SPDX-License-Identifier: Apache-2.0
#include "command/command_store.hpp"

#include "command/request_key_store.hpp"
#include "command/timed_store.hpp"
#include "command/trigger_store.hpp"
#include "mail/schema.hpp"

namespace croft::command::commands {
namespace {

constexpr db::Migration kMigrations[] = {
    {1,
     "CREATE TABLE commands ("
     "  id TEXT PRIMARY KEY,"
     "  device TEXT NOT NULL,"
     "  owner TEXT NOT NULL,"
     "  actuator TEXT NOT NULL,"
     "  action TEXT NOT NULL CHECK (action IN ('on', 'off')),"
     "  for_seconds BIGINT,"
     "  state TEXT NOT NULL"
     "    CHECK (state IN ('pending', 'sent', 'done', 'refused', 'expired')),"
     "  by_user TEXT NOT NULL,"
     "  cause TEXT NOT NULL,"
     "  created BIGINT NOT NULL,"
     "  sent BIGINT,"
     "  done BIGINT,"
     "  expires BIGINT NOT NULL,"
     "  reason TEXT NOT NULL);"
     "CREATE INDEX commands_owner ON commands (owner, id);"
     "CREATE INDEX commands_device ON commands (device, id);"
     "CREATE INDEX commands_open ON commands (expires) WHERE state IN ('pending', 'sent')"},
    {2, timed::kMigration},
    {3, triggers::kMigration},
    {4, mail::kSchema},
    {5, request_keys::kMigration},
};

// Every statement answers these columns in this order.
#define CROFT_COMMAND_COLUMNS                                                                      \
  "id, device, owner, actuator, action, for_seconds, state, by_user, cause, created, sent, done, " \
  "expires, reason"

Command command_from(const db::Row& row) {
  Command command;
  command.id = CommandId(row.text(0));
  command.device = DeviceId(row.text(1));
  command.owner = UserId(row.text(2));
  command.actuator = row.string(3);
  command.action = row.string(4);
  command.for_seconds = row.maybe_integer(5);
  command.state = command_state(row.text(6)).value_or(CommandState::pending);
  command.by = row.string(7);
  command.cause = row.string(8);
  command.created = row.instant(9);
  command.sent = row.maybe_instant(10);
  command.done = row.maybe_instant(11);
  command.expires = row.instant(12);
  command.reason = row.string(13);
  return command;
}

db::OnRow into(std::vector<Command>& list) {
  return [&list](const db::Row& row) { list.push_back(command_from(row)); };
}

}  // namespace

std::span<const db::Migration> migrations() { return kMigrations; }

void add(db::Connection& connection, const Command& c) {
  connection.execute(
      "INSERT INTO commands (" CROFT_COMMAND_COLUMNS
      ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)",
      {c.id, c.device, c.owner, c.actuator, c.action, c.for_seconds, to_string(c.state), c.by,
       c.cause, c.created, c.sent, c.done, c.expires, c.reason});
}

std::optional<Command> find(db::Connection& connection, const CommandId& id) {
  return connection.first("SELECT " CROFT_COMMAND_COLUMNS " FROM commands WHERE id = $1", {id},
                          command_from);
}

std::vector<Command> open(db::Connection& connection) {
  std::vector<Command> list;
  connection.query("SELECT " CROFT_COMMAND_COLUMNS
                   " FROM commands WHERE state IN ('pending', 'sent') ORDER BY id",
                   {}, into(list));
  return list;
}

std::vector<Command> list(db::Connection& connection, const Page& page) {
  std::vector<Command> found;
  // Above every id, which are lower-case letters and digits.
  const std::string before = page.cursor.empty() ? "~" : page.cursor;
  if (page.device)
    connection.query("SELECT " CROFT_COMMAND_COLUMNS
                     " FROM commands WHERE device = $1 AND owner = $2 AND id < $3"
                     " ORDER BY id DESC LIMIT $4",
                     {*page.device, page.owner, before, page.rows()}, into(found));
  else
    connection.query("SELECT " CROFT_COMMAND_COLUMNS
                     " FROM commands WHERE owner = $1 AND id < $2 ORDER BY id DESC LIMIT $3",
                     {page.owner, before, page.rows()}, into(found));
  return found;
}

std::optional<Command> mark_sent(db::Connection& connection, const CommandId& id, Instant at) {
  return connection.first(
      "UPDATE commands SET state = 'sent', sent = $2"
      " WHERE id = $1 AND state = 'pending' RETURNING " CROFT_COMMAND_COLUMNS,
      {id, at}, command_from);
}

std::optional<Command> finish(db::Connection& connection, const Outcome& outcome) {
  return connection.first(
      "UPDATE commands SET state = $3, done = $4, reason = $5,"
      " sent = COALESCE(sent, $4),"
      " ending = CASE WHEN $3 = 'done' THEN $4 + for_seconds * 1000 END"
      " WHERE id = $1 AND device = $2"
      " AND state IN ('pending', 'sent', 'expired')"
      " RETURNING " CROFT_COMMAND_COLUMNS,
      {outcome.id, outcome.device, to_string(outcome.state), outcome.at, outcome.reason},
      command_from);
}

std::vector<Command> expire(db::Connection& connection, Instant now) {
  std::vector<Command> gone;
  connection.query(
      "UPDATE commands SET state = 'expired', done = $1,"
      " reason = CASE state WHEN 'sent'"
      "   THEN 'the device did not answer in time'"
      "   ELSE 'the device was not there in time' END"
      " WHERE expires <= $1 AND state IN ('pending', 'sent')"
      " RETURNING " CROFT_COMMAND_COLUMNS,
      {now}, into(gone));
  return gone;
}

std::optional<Command> withdraw(db::Connection& connection, const CommandId& id, Instant at) {
  return connection.first(
      "UPDATE commands SET state = 'expired', done = $2, reason = 'cancelled'"
      " WHERE id = $1 AND state = 'pending' RETURNING " CROFT_COMMAND_COLUMNS,
      {id, at}, command_from);
}

std::optional<CommandId> newest_done(db::Connection& connection, const DeviceId& device,
                                     std::string_view actuator) {
  return connection.first(
      "SELECT id FROM commands WHERE device = $1 AND actuator = $2 AND state = 'done'"
      " ORDER BY done DESC, id DESC LIMIT 1",
      {device, actuator}, [](const db::Row& row) { return CommandId(row.text(0)); });
}

std::vector<Over> over(db::Connection& connection, Instant before, int limit) {
  std::vector<Over> found;
  connection.query("SELECT " CROFT_COMMAND_COLUMNS
                   ", ending, CASE WHEN EXISTS (SELECT 1 FROM commands later"
                   "   WHERE later.device = c.device AND later.actuator = c.actuator"
                   "   AND later.state = 'done' AND (later.done > c.done"
                   "     OR (later.done = c.done AND later.id > c.id))) THEN 1 ELSE 0 END"
                   " FROM commands c WHERE ending <= $1 ORDER BY ending LIMIT $2",
                   {before, limit}, [&found](const db::Row& row) {
                     found.push_back({command_from(row), row.instant(14), row.integer(15) != 0});
                   });
  return found;
}

bool look_again(db::Connection& connection, const Over& over, std::optional<Instant> at) {
  return connection.execute("UPDATE commands SET ending = $3 WHERE id = $1 AND ending = $2",
                            {over.command.id, over.ending, at}) == 1;
}

void look_now(db::Connection& connection, const DeviceId& device, Instant now) {
  connection.execute(
      "UPDATE commands SET ending = $2"
      " WHERE device = $1 AND ending > $2 AND done + for_seconds * 1000 <= $2",
      {device, now});
}

std::int64_t forget(db::Connection& connection, const DeviceId& device, int limit) {
  return connection.execute(
      "DELETE FROM commands WHERE id IN"
      " (SELECT id FROM commands WHERE device = $1 ORDER BY id LIMIT $2)",
      {device, limit});
}

}  // namespace croft::command::commands

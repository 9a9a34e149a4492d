// Timed commands in the database: SQL and nothing but SQL.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.hpp"
#include "command/page.hpp"
#include "command/schedule.hpp"
#include "db/database.hpp"
#include "model/command.hpp"

namespace croft::command {

using TimedId = Id<struct TimedTag>;

// A repeating one goes back and forth between scheduled and running.
enum class TimedState { scheduled, running, done, cancelled, missed };

std::string_view to_string(TimedState);

struct Timed {
  TimedId id;
  DeviceId device;
  UserId owner;
  std::string actuator;
  std::string action;  // "on" or "off"
  std::int64_t for_seconds = 0;
  std::optional<Instant> at;  // of one that starts once, later
  std::optional<Schedule> repeat;
  bool enabled = true;  // only a repeating one can be switched off
  TimedState state = TimedState::scheduled;
  std::optional<Instant> next;     // when it starts (again)
  std::optional<Instant> started;  // the latest start: its command was made
  std::optional<Instant> ends;     // of the latest start: the node's "done" and `for`
  std::optional<Instant> missed;   // the latest start that did not happen
  std::string by;                  // the user's name
  Instant created{};
  std::optional<std::string> command;  // id of the latest start's
  std::string reason;                  // why it was missed, or ended early; else ""
};

// The object of the HTTP routes and of the live event.
void write_json(JsonWriter&, const Timed&);

namespace timed {

inline constexpr std::string_view kMigration =
    "ALTER TABLE commands ADD COLUMN ending BIGINT;"
    "CREATE INDEX commands_ending ON commands (ending) WHERE ending IS NOT NULL;"
    "CREATE INDEX commands_done ON commands (device, actuator, done) WHERE state = 'done';"
    "CREATE TABLE timed ("
    "  id TEXT PRIMARY KEY,"
    "  device TEXT NOT NULL,"
    "  owner TEXT NOT NULL,"
    "  actuator TEXT NOT NULL,"
    "  action TEXT NOT NULL CHECK (action IN ('on', 'off')),"
    "  for_seconds BIGINT NOT NULL,"
    "  at BIGINT,"
    "  days BIGINT,"
    "  minute BIGINT,"
    "  zone TEXT,"
    "  enabled BIGINT NOT NULL,"
    "  state TEXT NOT NULL"
    "    CHECK (state IN ('scheduled', 'running', 'done', 'cancelled', 'missed')),"
    "  next BIGINT,"
    "  started BIGINT,"
    "  ends BIGINT,"
    "  missed BIGINT,"
    "  by_user TEXT NOT NULL,"
    "  created BIGINT NOT NULL,"
    "  command TEXT,"
    "  reason TEXT NOT NULL);"
    "CREATE INDEX timed_owner ON timed (owner, id);"
    "CREATE INDEX timed_device ON timed (device, id);"
    "CREATE INDEX timed_next ON timed (next, id) WHERE next IS NOT NULL;"
    "CREATE INDEX timed_command ON timed (command) WHERE command IS NOT NULL;"
    "CREATE INDEX timed_running ON timed (ends) WHERE state = 'running';"
    "CREATE INDEX timed_actuator ON timed (device, actuator) WHERE state = 'running'";

void add(db::Connection&, const Timed&);
std::optional<Timed> find(db::Connection&, const TimedId&);
// Those of a device that are scheduled or running.
std::int64_t open_of(db::Connection&, const DeviceId&);

std::vector<Timed> list(db::Connection&, const Page&);  // newest first

// Due at `now`, the longest overdue first, behind `after`.
struct After {
  Instant next{};
  TimedId id;
};
std::vector<Timed> due(db::Connection&, Instant now, const After& after, int limit);
// When there is something to do next: a start, or the end of one that runs.
std::optional<Instant> soonest(db::Connection&);

// Each of these changes a row only when it still is as it was seen, and says whether or how.
struct Start {
  TimedId id;
  Instant due;
  Instant now;
  std::optional<Instant> following;
};
bool start(db::Connection&, const Start&, const CommandId&);
std::optional<Timed> miss(db::Connection&, const Start&, std::string_view reason);
std::optional<Timed> cancel(db::Connection&, const TimedId&, TimedState from, Instant now);
std::optional<Timed> enable(db::Connection&, const TimedId&, bool enabled,
                            std::optional<Instant> next);

// What became of a command, for the timed command that it started or that it took over from.
struct Settled {
  CommandId id;
  DeviceId device;
  std::string actuator;
  CommandState state = CommandState::done;  // or refused, expired
  Instant at{};
  std::string reason;
};
std::vector<Timed> follow(db::Connection&, const Settled&);
// What was settled and not followed, because the process ended in between.
std::vector<Settled> unfollowed(db::Connection&);
// Those whose time is over, at most `limit`, as they are afterwards.
std::vector<Timed> complete(db::Connection&, Instant now, int limit);

// Deletes at most `limit` of a removed device; returns how many.
std::int64_t forget(db::Connection&, const DeviceId&, int limit);

}  // namespace timed
}  // namespace croft::command

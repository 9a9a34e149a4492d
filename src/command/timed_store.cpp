// SQL of the table of timed commands.
// SPDX-License-Identifier: Apache-2.0
#include "command/timed_store.hpp"

#include <algorithm>

namespace croft::command {

std::string_view to_string(TimedState state) {
  switch (state) {
    case TimedState::scheduled:
      return "scheduled";
    case TimedState::running:
      return "running";
    case TimedState::done:
      return "done";
    case TimedState::cancelled:
      return "cancelled";
    case TimedState::missed:
      return "missed";
  }
  return "scheduled";
}

namespace timed {
namespace {

// Every statement answers these columns in this order.
#define CROFT_TIMED_COLUMNS                                                                    \
  "id, device, owner, actuator, action, for_seconds, at, days, minute, zone, enabled, state, " \
  "next, started, ends, missed, by_user, created, command, reason"

// What an ended or failed start leaves behind: once is over, repeating waits for its next time.
#define CROFT_AFTER(state) "CASE WHEN days IS NULL THEN '" state "' ELSE 'scheduled' END"

TimedState state_from(std::string_view name) {
  for (const auto state :
       {TimedState::running, TimedState::done, TimedState::cancelled, TimedState::missed})
    if (to_string(state) == name) return state;
  return TimedState::scheduled;
}

Timed timed_from(const db::Row& row) {
  Timed timed;
  timed.id = TimedId(row.text(0));
  timed.device = DeviceId(row.text(1));
  timed.owner = UserId(row.text(2));
  timed.actuator = row.string(3);
  timed.action = row.string(4);
  timed.for_seconds = row.integer(5);
  timed.at = row.maybe_instant(6);
  if (!row.is_null(7))
    timed.repeat = Schedule{static_cast<unsigned>(row.integer(7)), static_cast<int>(row.integer(8)),
                            row.string(9)};
  timed.enabled = row.integer(10) != 0;
  timed.state = state_from(row.text(11));
  timed.next = row.maybe_instant(12);
  timed.started = row.maybe_instant(13);
  timed.ends = row.maybe_instant(14);
  timed.missed = row.maybe_instant(15);
  timed.by = row.string(16);
  timed.created = row.instant(17);
  timed.command = row.maybe_string(18);
  timed.reason = row.string(19);
  return timed;
}

db::OnRow into(std::vector<Timed>& list) {
  return [&list](const db::Row& row) { list.push_back(timed_from(row)); };
}

db::OnRow into(std::vector<Settled>& list) {
  return [&list](const db::Row& row) {
    list.push_back({CommandId(row.text(0)), DeviceId(row.text(1)), row.string(2),
                    command_state(row.text(3)).value_or(CommandState::expired), row.instant(4),
                    row.string(5)});
  };
}

}  // namespace

void add(db::Connection& connection, const Timed& t) {
  std::optional<std::int64_t> days;
  std::optional<std::int64_t> minute;
  std::optional<std::string> zone;
  if (t.repeat) {
    days = t.repeat->days;
    minute = t.repeat->minute;
    zone = t.repeat->zone;
  }
  connection.execute(
      "INSERT INTO timed (" CROFT_TIMED_COLUMNS
      ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15,"
      " $16, $17, $18, $19, $20)",
      {t.id,   t.device, t.owner, t.actuator, t.action,           t.for_seconds, t.at,
       days,   minute,   zone,    t.enabled,  to_string(t.state), t.next,        t.started,
       t.ends, t.missed, t.by,    t.created,  t.command,          t.reason});
}

std::optional<Timed> find(db::Connection& connection, const TimedId& id) {
  return connection.first("SELECT " CROFT_TIMED_COLUMNS " FROM timed WHERE id = $1", {id},
                          timed_from);
}

std::int64_t open_of(db::Connection& connection, const DeviceId& device) {
  return connection
      .first(
          "SELECT COUNT(*) FROM timed WHERE device = $1"
          " AND state IN ('scheduled', 'running')",
          {device}, [](const db::Row& row) { return row.integer(0); })
      .value_or(0);
}

std::vector<Timed> list(db::Connection& connection, const Page& page) {
  std::vector<Timed> found;
  // Above every id, which are lower-case letters and digits.
  const std::string before = page.cursor.empty() ? "~" : page.cursor;
  if (page.device)
    connection.query("SELECT " CROFT_TIMED_COLUMNS
                     " FROM timed WHERE device = $1 AND owner = $2 AND id < $3"
                     " ORDER BY id DESC LIMIT $4",
                     {*page.device, page.owner, before, page.rows()}, into(found));
  else
    connection.query("SELECT " CROFT_TIMED_COLUMNS
                     " FROM timed WHERE owner = $1 AND id < $2 ORDER BY id DESC LIMIT $3",
                     {page.owner, before, page.rows()}, into(found));
  return found;
}

std::vector<Timed> due(db::Connection& connection, Instant now, const After& after, int limit) {
  std::vector<Timed> found;
  connection.query("SELECT " CROFT_TIMED_COLUMNS
                   " FROM timed WHERE next <= $1 AND (next, id) > ($2, $3)"
                   " ORDER BY next, id LIMIT $4",
                   {now, after.next, after.id, limit}, into(found));
  return found;
}

std::optional<Instant> soonest(db::Connection& connection) {
  const auto instant = [](const db::Row& row) { return row.instant(0); };
  const auto next = connection.first(
      "SELECT next FROM timed WHERE next IS NOT NULL ORDER BY next LIMIT 1", {}, instant);
  const auto ends = connection.first(
      "SELECT ends FROM timed WHERE state = 'running' AND ends IS NOT NULL ORDER BY ends LIMIT 1",
      {}, instant);
  if (!next || !ends) return next ? next : ends;
  return std::min(*next, *ends);
}

bool start(db::Connection& connection, const Start& start, const CommandId& command) {
  return connection.execute(
             "UPDATE timed SET state = 'running', started = $3, ends = NULL, next = $4,"
             " command = $5, reason = ''"
             " WHERE id = $1 AND next = $2",
             {start.id, start.due, start.now, start.following, command}) == 1;
}

std::optional<Timed> miss(db::Connection& connection, const Start& start, std::string_view reason) {
  return connection.first(
      "UPDATE timed SET state = CASE WHEN days IS NULL THEN 'missed' ELSE state END,"
      " missed = $2, next = $3, reason = $4"
      " WHERE id = $1 AND next = $2 RETURNING " CROFT_TIMED_COLUMNS,
      {start.id, start.due, start.following, reason}, timed_from);
}

std::optional<Timed> cancel(db::Connection& connection, const TimedId& id, TimedState from,
                            Instant now) {
  return connection.first(
      "UPDATE timed SET state = 'cancelled', next = NULL,"
      " ends = CASE WHEN state = 'running' THEN $3 ELSE ends END"
      " WHERE id = $1 AND state = $2 RETURNING " CROFT_TIMED_COLUMNS,
      {id, to_string(from), now}, timed_from);
}

std::optional<Timed> enable(db::Connection& connection, const TimedId& id, bool enabled,
                            std::optional<Instant> next) {
  return connection.first(
      "UPDATE timed SET enabled = $2, next = $3"
      " WHERE id = $1 AND days IS NOT NULL AND state <> 'cancelled'"
      " RETURNING " CROFT_TIMED_COLUMNS,
      {id, enabled, next}, timed_from);
}

std::vector<Timed> follow(db::Connection& connection, const Settled& settled) {
  std::vector<Timed> changed;
  if (settled.state != CommandState::done) {
    connection.query("UPDATE timed SET state = " CROFT_AFTER("missed")
                     ", missed = started, reason = $2"
                     " WHERE command = $1 AND state = 'running' AND ends IS NULL"
                     " RETURNING " CROFT_TIMED_COLUMNS,
                     {settled.id, settled.reason}, into(changed));
    return changed;
  }
  // The node's word counts even after its command had expired.
  connection.query(
      "UPDATE timed SET state = 'running', ends = $2 + for_seconds * 1000, reason = ''"
      " WHERE command = $1 AND ends IS NULL AND state <> 'cancelled'"
      " RETURNING " CROFT_TIMED_COLUMNS,
      {settled.id, settled.at}, into(changed));
  // Whatever was done to the actuator later took its place on the node as well.
  connection.query("UPDATE timed SET state = " CROFT_AFTER("done")
                   ", ends = $3, reason = 'another command took over'"
                   " WHERE device = $1 AND actuator = $2 AND state = 'running'"
                   " AND ends > $3 AND ends - for_seconds * 1000 <= $3 AND command <> $4"
                   " RETURNING " CROFT_TIMED_COLUMNS,
                   {settled.device, settled.actuator, settled.at, settled.id}, into(changed));
  return changed;
}

std::vector<Settled> unfollowed(db::Connection& connection) {
  std::vector<Settled> found;
  connection.query(
      "SELECT c.id, c.device, c.actuator, c.state, c.done, c.reason"
      " FROM timed t JOIN commands c ON c.id = t.command"
      " WHERE t.state = 'running' AND t.ends IS NULL"
      " AND c.state IN ('done', 'refused', 'expired') ORDER BY c.done",
      {}, into(found));
  connection.query(
      "SELECT c.id, c.device, c.actuator, c.state, c.done, c.reason"
      " FROM timed t JOIN commands c ON c.device = t.device AND c.actuator = t.actuator"
      " WHERE t.state = 'running' AND c.state = 'done'"
      " AND c.done < t.ends AND c.done >= t.ends - t.for_seconds * 1000 AND c.id <> t.command"
      " ORDER BY c.done",
      {}, into(found));
  return found;
}

std::vector<Timed> complete(db::Connection& connection, Instant now, int limit) {
  std::vector<Timed> changed;
  connection.query("UPDATE timed SET state = " CROFT_AFTER("done")
                   " WHERE id IN (SELECT id FROM timed WHERE state = 'running' AND ends <= $1"
                   " ORDER BY ends LIMIT $2) RETURNING " CROFT_TIMED_COLUMNS,
                   {now, limit}, into(changed));
  return changed;
}

std::int64_t forget(db::Connection& connection, const DeviceId& device, int limit) {
  return connection.execute(
      "DELETE FROM timed WHERE id IN"
      " (SELECT id FROM timed WHERE device = $1 ORDER BY id LIMIT $2)",
      {device, limit});
}

}  // namespace timed

void write_json(JsonWriter& json, const Timed& timed) {
  json.begin_object();
  json.member("id", timed.id.str());
  json.member("device", timed.device.str());
  json.member("actuator", timed.actuator);
  json.member("action", timed.action);
  json.member("for", timed.for_seconds);
  json.member("at", timed.at);
  json.key("repeat");
  if (timed.repeat) {
    json.begin_object().key("days");
    if (timed.repeat->days == Schedule::kDaily) {
      json.value("daily");
    } else {
      json.begin_array();
      for (const auto day : weekday_names(timed.repeat->days)) json.value(day);
      json.end_array();
    }
    json.member("time", clock_text(timed.repeat->minute));
    json.member("tz", timed.repeat->zone);
    json.end_object();
  } else {
    json.null();
  }
  json.member("enabled", timed.enabled);
  json.member("state", to_string(timed.state));
  json.member("next", timed.next);
  json.member("started", timed.started);
  json.member("ends", timed.ends);
  json.member("missed", timed.missed);
  json.member("by", timed.by);
  json.member("created", timed.created);
  json.member("command", timed.command);
  if (!timed.reason.empty()) json.member("reason", timed.reason);
  json.end_object();
}

}  // namespace croft::command

// SQL of the triggers table.
// SPDX-License-Identifier: Apache-2.0
#include "command/trigger_store.hpp"

namespace croft::command::triggers {
namespace {

std::optional<double> maybe_real(const db::Row& row, int column) {
  if (row.is_null(column)) return std::nullopt;
  return row.real(column);
}

Trigger trigger_from(const db::Row& row) {
  Trigger trigger;
  trigger.id = TriggerId(row.text(0));
  trigger.device = DeviceId(row.text(1));
  trigger.owner = UserId(row.text(2));
  trigger.by = row.string(3);
  trigger.name = row.string(4);
  auto& condition = trigger.condition;
  condition.measurement = row.string(5);
  condition.kind = rules::kind_from(row.text(6));
  condition.threshold = row.real(7);
  condition.hysteresis = row.real(8);
  condition.hold_for = Seconds(row.integer(9));
  condition.cooldown = Seconds(row.integer(10));
  condition.no_data_for = Seconds(row.integer(11));
  if (!row.is_null(12))
    trigger.command = {DeviceId(row.text(12)), row.string(13), row.string(14),
                       row.maybe_integer(15)};
  trigger.email = row.integer(16) != 0;
  trigger.enabled = row.integer(17) != 0;
  trigger.created = row.instant(18);
  auto& state = trigger.state;
  state.phase = rules::phase_from(row.text(19));
  state.since = row.instant(20);
  state.fired = row.maybe_instant(21);
  state.last_time = row.maybe_instant(22);
  state.last_value = maybe_real(row, 23);
  const auto open = row.maybe_instant(24);
  if (open) {
    state.phase = rules::Phase::firing;
    state.since = *open;
    state.fired = *open;
  } else if (state.phase == rules::Phase::firing) {
    state.phase = rules::Phase::inactive;
  }
  return trigger;
}

// What every writing statement needs of a reaction that may not be there.
struct ReactionColumns {
  explicit ReactionColumns(const std::optional<Reaction>& reaction) {
    if (!reaction) return;
    device = reaction->device.str();
    actuator = reaction->actuator;
    action = reaction->action;
    for_seconds = reaction->for_seconds;
  }
  std::optional<std::string> device;
  std::optional<std::string> actuator;
  std::optional<std::string> action;
  std::optional<std::int64_t> for_seconds;
};

}  // namespace

void add(db::Connection& connection, const Trigger& t) {
  const ReactionColumns command(t.command);
  connection.execute(
      "INSERT INTO triggers (id, device, owner, by_user, name, measurement, kind, threshold,"
      " hysteresis, hold_for, cooldown, no_data_for, command_device, command_actuator,"
      " command_action, command_for, email, enabled, created, phase, since, fired, last_time,"
      " last_value) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16,"
      " $17, $18, $19, $20, $21, $22, $23, $24)",
      {t.id,
       t.device,
       t.owner,
       t.by,
       t.name,
       t.condition.measurement,
       rules::to_string(t.condition.kind),
       t.condition.threshold,
       t.condition.hysteresis,
       t.condition.hold_for.count(),
       t.condition.cooldown.count(),
       t.condition.no_data_for.count(),
       command.device,
       command.actuator,
       command.action,
       command.for_seconds,
       t.email ? 1 : 0,
       t.enabled ? 1 : 0,
       t.created,
       rules::to_string(t.state.phase),
       t.state.since,
       t.state.fired,
       t.state.last_time,
       t.state.last_value});
}

bool update(db::Connection& connection, const Trigger& t) {
  const ReactionColumns command(t.command);
  const auto changed = connection.execute(
      "UPDATE triggers SET device = $2, name = $3, measurement = $4, kind = $5, threshold = $6,"
      " hysteresis = $7, hold_for = $8, cooldown = $9, no_data_for = $10, command_device = $11,"
      " command_actuator = $12, command_action = $13, command_for = $14, email = $15,"
      " enabled = $16, phase = $17, since = $18, fired = $19, last_time = $20, last_value = $21"
      " WHERE id = $1",
      {t.id,
       t.device,
       t.name,
       t.condition.measurement,
       rules::to_string(t.condition.kind),
       t.condition.threshold,
       t.condition.hysteresis,
       t.condition.hold_for.count(),
       t.condition.cooldown.count(),
       t.condition.no_data_for.count(),
       command.device,
       command.actuator,
       command.action,
       command.for_seconds,
       t.email ? 1 : 0,
       t.enabled ? 1 : 0,
       rules::to_string(t.state.phase),
       t.state.since,
       t.state.fired,
       t.state.last_time,
       t.state.last_value});
  return changed == 1;
}

void keep_state(db::Connection& connection, const TriggerId& id, const rules::State& state) {
  connection.execute(
      "UPDATE triggers SET phase = $2, since = $3, fired = $4, last_time = $5, last_value = $6"
      " WHERE id = $1",
      {id, rules::to_string(state.phase), state.since, state.fired, state.last_time,
       state.last_value});
}

void remove(db::Connection& connection, const TriggerId& id) {
  connection.execute("DELETE FROM triggers WHERE id = $1", {id});
}

void forget(db::Connection& connection, const DeviceId& device) {
  connection.execute("DELETE FROM triggers WHERE device = $1", {device});
}

std::vector<Trigger> all(db::Connection& connection) {
  std::vector<Trigger> found;
  connection.query(
      "SELECT t.id, t.device, t.owner, t.by_user, t.name, t.measurement, t.kind, t.threshold,"
      " t.hysteresis, t.hold_for, t.cooldown, t.no_data_for, t.command_device,"
      " t.command_actuator, t.command_action, t.command_for, t.email, t.enabled, t.created,"
      " t.phase, t.since, t.fired, t.last_time, t.last_value, a.fired"
      " FROM triggers t LEFT JOIN alerts a"
      "   ON a.trigger_id = t.id AND a.device = t.device AND a.cleared IS NULL"
      " ORDER BY t.id",
      {}, [&found](const db::Row& row) { found.push_back(trigger_from(row)); });
  return found;
}

}  // namespace croft::command::triggers

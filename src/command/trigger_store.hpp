// Triggers in the database: SQL and nothing but SQL.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "db/database.hpp"
#include "model/alert.hpp"
#include "rules/machine.hpp"

namespace croft::command {

// What a trigger has an actuator do when it fires.
struct Reaction {
  DeviceId device;
  std::string actuator;
  std::string action;  // "on" or "off"
  std::optional<std::int64_t> for_seconds;
};

struct Trigger {
  TriggerId id;
  DeviceId device;
  UserId owner;
  std::string by;    // the user's name when it was made
  std::string name;  // "" for one that is called after its condition
  rules::Condition condition;
  std::optional<Reaction> command;
  bool email = false;
  bool enabled = true;
  Instant created{};
  rules::State state;
};

namespace triggers {

// With the table of alerts. At most one alert of a trigger and device is open: the database itself
// sees to that.
inline constexpr std::string_view kMigration =
    "CREATE TABLE triggers ("
    "  id TEXT PRIMARY KEY,"
    "  device TEXT NOT NULL,"
    "  owner TEXT NOT NULL,"
    "  by_user TEXT NOT NULL,"
    "  name TEXT NOT NULL,"
    "  measurement TEXT NOT NULL,"
    "  kind TEXT NOT NULL CHECK (kind IN ('above', 'below', 'silent')),"
    "  threshold DOUBLE PRECISION NOT NULL,"
    "  hysteresis DOUBLE PRECISION NOT NULL,"
    "  hold_for BIGINT NOT NULL,"  // seconds, as the next two
    "  cooldown BIGINT NOT NULL,"
    "  no_data_for BIGINT NOT NULL,"
    "  command_device TEXT,"
    "  command_actuator TEXT,"
    "  command_action TEXT,"
    "  command_for BIGINT,"
    "  email BIGINT NOT NULL,"
    "  enabled BIGINT NOT NULL,"
    "  created BIGINT NOT NULL,"
    "  phase TEXT NOT NULL,"
    "  since BIGINT NOT NULL,"
    "  fired BIGINT,"
    "  last_time BIGINT,"
    "  last_value DOUBLE PRECISION);"
    "CREATE INDEX triggers_device ON triggers (device);"
    "CREATE TABLE alerts ("
    "  id TEXT PRIMARY KEY,"
    "  trigger_id TEXT NOT NULL,"
    "  name TEXT NOT NULL,"
    "  device TEXT NOT NULL,"
    "  owner TEXT NOT NULL,"
    "  measurement TEXT NOT NULL,"
    "  value DOUBLE PRECISION,"
    "  fired BIGINT NOT NULL,"
    "  cleared BIGINT,"
    "  command TEXT,"
    "  mail TEXT NOT NULL);"
    "CREATE UNIQUE INDEX alerts_open ON alerts (trigger_id, device) WHERE cleared IS NULL;"
    "CREATE INDEX alerts_trigger ON alerts (trigger_id, id);"
    "CREATE INDEX alerts_owner ON alerts (owner, id);"
    "CREATE INDEX alerts_device ON alerts (device, id)";

void add(db::Connection&, const Trigger&);
// Everything but id, owner and when it was made. False when it is gone.
bool update(db::Connection&, const Trigger&);
void keep_state(db::Connection&, const TriggerId&, const rules::State&);
void remove(db::Connection&, const TriggerId&);
// Of a removed device.
void forget(db::Connection&, const DeviceId&);
// Oldest first. An open alert says that a trigger is firing, whatever else was kept of its state.
std::vector<Trigger> all(db::Connection&);

}  // namespace triggers
}  // namespace croft::command

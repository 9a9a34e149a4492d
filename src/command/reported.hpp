// What was asked of an actuator, beside what its node reports of it now.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "base/json.hpp"
#include "db/database.hpp"
#include "model/command.hpp"
#include "model/device.hpp"

namespace croft::command {

struct Asked {
  Command command;
  bool newest = false;  // no later command to that actuator was done
};
// Finds out which of them are the newest; at most one look-up for each actuator.
std::vector<Asked> with_newest(db::Connection&, std::vector<Command>);

struct Reported {
  const DeviceNow& device;
  Instant now;
};
// The command object and two members more: "reported", the actuator's position as its node reports
// it now (null when unknown), and "mismatch": the command is the newest that was done, and the node
// reports another position than it must have by now, `for` considered.
void write_reported(JsonWriter&, const Asked&, const Reported&);

}  // namespace croft::command

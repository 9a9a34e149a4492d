// An alert: a trigger that fired, from then until it was over.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>

#include "base/clock.hpp"
#include "base/ids.hpp"
#include "base/json.hpp"

namespace croft {

using TriggerId = Id<struct TriggerTag>;
using AlertId = Id<struct AlertTag>;

struct Alert {
  AlertId id;
  TriggerId trigger;
  std::string name;  // of the trigger when it fired
  DeviceId device;
  UserId owner;
  std::string measurement;
  std::optional<double> value;  // that fired it; nothing when there never was a reading
  Instant fired{};
  std::optional<Instant> cleared;
  std::optional<CommandId> command;  // that it sent
  std::string mail;                  // the id of the mail about its firing; "" for none
  std::string email_state;           // "" when there is no mail, or nothing is known of it any more
  std::string email_error;           // why that mail has not gone out; "" when nothing is wrong
};

// The contract's alert object, plus "name" and the reason why its e-mail is late.
void write_json(JsonWriter&, const Alert&);

}  // namespace croft

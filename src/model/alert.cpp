// Alerts as JSON.
// SPDX-License-Identifier: Apache-2.0
#include "model/alert.hpp"

namespace croft {

void write_json(JsonWriter& json, const Alert& alert) {
  json.begin_object();
  json.member("id", alert.id.str());
  json.member("trigger", alert.trigger.str());
  json.member("name", alert.name);
  json.member("device", alert.device.str());
  json.member("measurement", alert.measurement);
  json.member("value", alert.value);
  json.member("fired", alert.fired);
  json.member("cleared", alert.cleared);
  json.key("command");
  alert.command ? json.value(alert.command->str()) : json.null();
  json.key("email");
  if (alert.email_state.empty()) {
    json.null();
  } else {
    json.begin_object().member("state", alert.email_state);
    if (!alert.email_error.empty()) json.member("error", alert.email_error);
    json.end_object();
  }
  json.end_object();
}

}  // namespace croft

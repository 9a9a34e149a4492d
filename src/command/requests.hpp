// What the requests for commands, timed commands, triggers and alerts have in common.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <string>

#include "base/json.hpp"
#include "base/result.hpp"
#include "command/page.hpp"
#include "http/message.hpp"
#include "model/device.hpp"

namespace croft::command {

Error no_such_device();

// An actuator of a device, and where to put it.
struct Switch {
  DeviceId device;
  std::string actuator;
  std::string action;  // "on" or "off"
};
// The members `device`, `actuator` and `action`; what is wrong with them is said in `in`.
Switch read_switch(JsonFields& in);

// `limit`, `cursor` and `device` of the query; not_found for a device that is not the caller's.
Result<Page> read_page(const http::Request&, const DeviceDirectory&);

// {"<name>":[...],"next":... with the object left open for what else belongs to it. `id` tells what
// identifies an entry, `write` writes it.
template <class Entries, class Id, class Write>
JsonWriter write_page(const char* name, const Entries& found, const Page& page, Id id,
                      Write write) {
  JsonWriter json;
  json.begin_object().key(name).begin_array();
  const auto shown = std::min(found.size(), static_cast<std::size_t>(page.limit));
  for (std::size_t i = 0; i < shown; ++i) write(json, found[i]);
  json.end_array().key("next");
  if (found.size() > shown)
    json.value(id(found[shown - 1]).str());
  else
    json.null();
  return json;
}
http::Response closed(JsonWriter);

}  // namespace croft::command

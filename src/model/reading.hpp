// What a node measured at one moment.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/clock.hpp"
#include "base/ids.hpp"
#include "base/json.hpp"

namespace croft {

struct Measurement {
  std::string name;                  // [A-Za-z][A-Za-z0-9_.-]{0,63}
  std::variant<double, bool> value;  // in the unit the device documents

  bool operator==(const Measurement&) const = default;
};

// As stored and shown. `time` is when it was measured, `received` when Croft got it.
struct Reading {
  DeviceId device;
  Instant time;
  Instant received;
  bool server_time = false;  // the node had no usable clock, so time is received
  std::vector<Measurement> values;
};

// A measurement of a reading, booleans as 0 and 1; nothing when it is not among the values.
std::optional<double> number_of(const Reading&, std::string_view measurement);

// {"device","time","received","values":{...}} and, when so, "clock":"server".
void write_json(JsonWriter&, const Reading&);
// {"temperature":23.5,"on":true}
void write_values(JsonWriter&, const std::vector<Measurement>&);

}  // namespace croft

// Readings as JSON.
// SPDX-License-Identifier: Apache-2.0
#include "model/reading.hpp"

#include <algorithm>

namespace croft {

std::optional<double> number_of(const Reading& reading, std::string_view measurement) {
  const auto found = std::ranges::find(reading.values, measurement, &Measurement::name);
  if (found == reading.values.end()) return std::nullopt;
  if (const auto* truth = std::get_if<bool>(&found->value)) return *truth ? 1 : 0;
  return std::get<double>(found->value);
}

void write_values(JsonWriter& json, const std::vector<Measurement>& values) {
  json.begin_object();
  for (const auto& measurement : values) {
    json.key(measurement.name);
    std::visit([&](auto value) { json.value(value); }, measurement.value);
  }
  json.end_object();
}

void write_json(JsonWriter& json, const Reading& reading) {
  json.begin_object();
  json.member("device", reading.device.str());
  json.member("time", reading.time);
  json.member("received", reading.received);
  if (reading.server_time) json.member("clock", "server");
  json.key("values");
  write_values(json, reading.values);
  json.end_object();
}

}  // namespace croft

// Readings as short JSON.
// SPDX-License-Identifier: Apache-2.0
#include "relay/reading_batch.hpp"

#include <boost/json.hpp>
#include <utility>

namespace croft::relay {
namespace {

namespace json = boost::json;

Measurement measurement(const json::key_value_pair& member) {
  const auto& value = member.value();
  if (value.is_bool()) return {std::string(member.key()), value.as_bool()};
  return {std::string(member.key()), value.to_number<double>()};
}

Reading reading(const json::object& object) {
  Reading reading{DeviceId(std::string(object.at("d").as_string())),
                  instant_from_ms(object.at("t").as_int64()),
                  instant_from_ms(object.at("r").as_int64()),
                  object.contains("s"),
                  {}};
  const auto& values = object.at("v").as_object();
  reading.values.reserve(values.size());
  for (const auto& member : values) reading.values.push_back(measurement(member));
  return reading;
}

}  // namespace

void ReadingBatch::add(const Reading& reading) {
  json_.begin_object();
  json_.member("d", reading.device.str());
  json_.member("t", to_ms(reading.time));
  json_.member("r", to_ms(reading.received));
  if (reading.server_time) json_.member("s", true);
  json_.key("v");
  write_values(json_, reading.values);
  json_.end_object();
  ++count_;
}

std::string ReadingBatch::take() {
  json_.end_array();
  auto text = std::move(json_).str();
  json_ = JsonWriter();
  json_.begin_array();
  count_ = 0;
  return text;
}

std::optional<std::vector<Reading>> decode_readings(std::string_view payload) {
  try {
    json::monotonic_resource room;
    const auto list = json::parse({payload.data(), payload.size()}, &room);
    std::vector<Reading> readings;
    for (const auto& one : list.as_array()) readings.push_back(reading(one.as_object()));
    return readings;
  } catch (const std::exception&) {  // not JSON, or of another shape
    return std::nullopt;
  }
}

}  // namespace croft::relay

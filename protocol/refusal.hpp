// Why a payload was refused, and where in it.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace croft::protocol {

enum class Refusal : std::uint8_t {
  none,
  bad_json,               // not JSON, or not the shape this message has
  bad_name,               // a measurement's or actuator's name or an id outside its grammar
  bad_value,              // not a number or boolean; a number too large for a double; a wrong word
  bad_time,               // neither RFC 3339 with an offset nor a number
  bad_sequence,           // boot or seq is not an integer from 0 to 4294967295, or ranges are wrong
  too_many_measurements,  // more than kMaxMeasurements in one reading
  too_many_readings,      // more than kMaxReadings in one message
  too_many_entries,       // more ranges or actuators than a message may carry
  too_large,              // more than kMaxPayloadBytes
  empty,                  // no reading, or a reading without a measurement
  duplicate_member,       // one name twice in one object
  missing_member,         // a member that this message needs is absent
};

/// The reason as a stable word: "badJson", "tooManyReadings", ... ("none" for none).
std::string_view to_string(Refusal refusal);

struct Outcome {
  Refusal refusal = Refusal::none;
  std::size_t offset = 0;  // byte at which the fault was noticed
  explicit operator bool() const { return refusal == Refusal::none; }
};

}  // namespace croft::protocol

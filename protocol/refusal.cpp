// The words for refusals, as they stand in metrics, logs and answers.
// SPDX-License-Identifier: Apache-2.0
#include "protocol/refusal.hpp"

namespace croft::protocol {

std::string_view to_string(Refusal refusal) {
  switch (refusal) {
    case Refusal::none:
      return "none";
    case Refusal::bad_json:
      return "badJson";
    case Refusal::bad_name:
      return "badName";
    case Refusal::bad_value:
      return "badValue";
    case Refusal::bad_time:
      return "badTime";
    case Refusal::bad_sequence:
      return "badSequence";
    case Refusal::too_many_measurements:
      return "tooManyMeasurements";
    case Refusal::too_many_readings:
      return "tooManyReadings";
    case Refusal::too_many_entries:
      return "tooManyEntries";
    case Refusal::too_large:
      return "tooLarge";
    case Refusal::empty:
      return "empty";
    case Refusal::duplicate_member:
      return "duplicateMember";
    case Refusal::missing_member:
      return "missingMember";
  }
  return "unknown";
}

}  // namespace croft::protocol

// What a mail about an alert says, short enough for a phone.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>

#include "base/clock.hpp"

namespace croft::mail {

struct AlertFacts {
  std::string device;           // its name
  std::string measurement;      // "soilMoisture"; shown as "soil moisture"
  std::optional<double> value;  // that fired or cleared it; nothing for silence
  std::string condition;        // "below 300", "above 30", "no data for 10 min"
  std::string command;          // "Pump: led on for 10 min"; "" when none was sent
  Instant fired{};
  std::optional<Instant> cleared;  // set: the mail tells that it is over
  std::string timezone = "UTC";    // IANA
};

struct Wording {
  std::string subject;  // "Bed 2: soil moisture 281, below 300"
  std::string text;     // a line each for device, measurement, limit, time, command
};

Wording words_of(const AlertFacts&);

// "Sun 22 Nov 2026 14:03:07 CET"; an unknown zone is told as UTC.
std::string local_time(Instant, const std::string& timezone);

}  // namespace croft::mail

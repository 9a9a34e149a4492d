// Durations as ISO 8601 writes them.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string_view>

#include "base/clock.hpp"

namespace croft::command {

// "PT10M", "P1DT2H", "P2W", "PT1H30M15S": whole numbers of weeks, days, hours, minutes and seconds.
// Nothing for years and months, which have no fixed length, and for everything else.
std::optional<Seconds> parse_iso_duration(std::string_view text);

}  // namespace croft::command

// Where a list of readings goes on: an opaque text that names the last reading given.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace croft::data {

// The place of a reading in a list over several devices: by time, then device, then key.
struct Position {
  std::int64_t time_ms = 0;
  std::int64_t device = 0;  // the device's small number in the store
  std::int64_t key = 0;

  auto operator<=>(const Position&) const = default;
};

// base64url of a version, the position and a check sum.
std::string write_cursor(const Position&);
// Nothing when a single bit was changed, or it was cut, lengthened or made up.
std::optional<Position> read_cursor(std::string_view text);

}  // namespace croft::data

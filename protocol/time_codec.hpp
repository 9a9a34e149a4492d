// Instants as text: RFC 3339 to and from milliseconds since 1970, without the C library's zones.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "protocol/limits.hpp"

namespace croft::protocol {

constexpr std::size_t kTimeBytes = 24;  // "2026-11-22T13:00:00.000Z"

/// RFC 3339 date-time; the offset ("Z" or "+01:00") is required, the fraction may have any length
/// (cut to milliseconds). A leap second counts as the following second. nullopt when malformed or
/// outside the years 0000 to 9999.
std::optional<std::int64_t> parse_time(std::string_view text);

/// UTC with milliseconds. Instants outside kMinEpochMs..kMaxEpochMs are clamped to that range.
std::string_view write_time(std::int64_t epoch_ms, char (&buffer)[kTimeBytes]);

/// A number that means an instant: seconds (with fraction) below 1e11, milliseconds from there on.
/// Clamped to kMinEpochMs..kMaxEpochMs, so that a mad clock is still a time that can be judged.
std::int64_t time_from_number(double number);

}  // namespace croft::protocol

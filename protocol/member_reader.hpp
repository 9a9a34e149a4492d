// Walks the members of one JSON object, the shape that every message but telemetry shares.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cmath>
#include <optional>

#include "protocol/json_cursor.hpp"
#include "protocol/refusal.hpp"

namespace croft::protocol {

/// Reads the message's single object: `member(name, cursor)` consumes each value and answers with a
/// Refusal. White space before the value is already gone. Names longer than the grammar allows
/// arrive as an empty name.
template <class F>
Outcome read_members(std::string_view payload, F&& member) {
  JsonCursor cursor(payload);
  const auto outcome = [&](Refusal refusal) { return Outcome{refusal, cursor.offset()}; };
  if (payload.size() > kMaxPayloadBytes) return {Refusal::too_large, kMaxPayloadBytes};
  if (cursor.at_end()) return outcome(Refusal::empty);
  if (!cursor.take('{')) return outcome(Refusal::bad_json);
  if (!cursor.take('}')) {
    do {
      cursor.peek();
      char scratch[kMaxNameBytes];
      const JsonString name = cursor.read_string(scratch, sizeof scratch);
      if (!name.ok || !cursor.take(':')) return outcome(Refusal::bad_json);
      cursor.peek();
      const Refusal refusal = member(name.truncated ? std::string_view() : name.text, cursor);
      if (refusal != Refusal::none) return outcome(refusal);
    } while (cursor.take(','));
    if (!cursor.take('}')) return outcome(Refusal::bad_json);
  }
  return outcome(cursor.at_end() ? Refusal::none : Refusal::bad_json);
}

/// Steps over the value of a member this version does not know.
inline Refusal skip_member(JsonCursor& cursor) {
  return cursor.skip_value() ? Refusal::none : Refusal::bad_json;
}

/// An integer from 0 to `most`; nullopt for everything else.
inline std::optional<std::uint32_t> read_unsigned(JsonCursor& cursor, std::uint32_t most) {
  cursor.peek();
  const JsonNumber number = cursor.read_number();
  if (number.state != JsonNumber::State::ok || std::signbit(number.value) ||
      number.value > static_cast<double>(most) || number.value != std::floor(number.value)) {
    return std::nullopt;
  }
  return static_cast<std::uint32_t>(number.value);
}

}  // namespace croft::protocol

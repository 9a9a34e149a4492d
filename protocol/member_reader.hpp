// Walks the members of one JSON object, the shape that every message but telemetry shares.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cmath>
#include <optional>

#include "protocol/json_cursor.hpp"
#include "protocol/refusal.hpp"
#include "protocol/text.hpp"

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

/// A string that must fit `into` whole; an empty one is never meant.
template <std::size_t N>
Refusal read_text(JsonCursor& cursor, Text<N>& into, Refusal misfit) {
  if (cursor.peek() != '"') return misfit;
  if (!into.empty()) return Refusal::duplicate_member;
  char scratch[N];
  const JsonString text = cursor.read_string(scratch, N);
  if (!text.ok) return Refusal::bad_json;
  if (text.truncated || text.text.empty() || !into.assign(text.text)) return misfit;
  return Refusal::none;
}

/// Free text: cut to what fits, at a character's border.
template <std::size_t N>
Refusal read_cut_text(JsonCursor& cursor, Text<N>& into) {
  if (cursor.peek() != '"') return Refusal::bad_value;
  char scratch[N];
  const JsonString text = cursor.read_string(scratch, N);
  if (!text.ok) return Refusal::bad_json;
  std::string_view kept = text.text.substr(0, N);
  if (kept.size() < text.text.size()) {
    while (!kept.empty() && (static_cast<unsigned char>(text.text[kept.size()]) & 0xc0) == 0x80) {
      kept.remove_suffix(1);
    }
  }
  into.assign(kept);
  return Refusal::none;
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

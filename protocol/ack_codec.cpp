// The telemetry/ack payload, both ways.
// SPDX-License-Identifier: Apache-2.0
#include "protocol/ack_codec.hpp"

#include "protocol/json_writer.hpp"
#include "protocol/member_reader.hpp"

namespace croft::protocol {
namespace {

constexpr std::uint32_t kMaxSeq = 0xffffffffu;

Refusal read_range(JsonCursor& cursor, Ack& into) {
  if (into.count == kMaxAckRanges) return Refusal::too_many_entries;
  if (!cursor.take('[')) return Refusal::bad_json;
  const auto first = read_unsigned(cursor, kMaxSeq);
  if (!first) return Refusal::bad_sequence;
  if (!cursor.take(',')) return Refusal::bad_json;
  const auto last = read_unsigned(cursor, kMaxSeq);
  if (!last || *last < *first) return Refusal::bad_sequence;
  if (!cursor.take(']')) return Refusal::bad_json;
  into.ranges[into.count++] = {*first, *last};
  return Refusal::none;
}

Refusal read_ranges(JsonCursor& cursor, Ack& into) {
  if (into.count > 0) return Refusal::duplicate_member;
  if (!cursor.take('[')) return Refusal::bad_json;
  if (cursor.take(']')) return Refusal::empty;
  do {
    const Refusal refusal = read_range(cursor, into);
    if (refusal != Refusal::none) return refusal;
  } while (cursor.take(','));
  return cursor.take(']') ? Refusal::none : Refusal::bad_json;
}

}  // namespace

bool Ack::add(std::uint32_t seq) {
  if (covers(seq)) return true;
  // Ranges are ascending; most often the reading follows the last one.
  std::size_t at = count;
  while (at > 0 && ranges[at - 1].first > seq) --at;
  const bool joins_before = at > 0 && ranges[at - 1].last + 1 == seq;
  const bool joins_after = at < count && seq + 1 == ranges[at].first;
  if (joins_before && joins_after) {
    ranges[at - 1].last = ranges[at].last;
    for (std::size_t i = at; i + 1 < count; ++i) ranges[i] = ranges[i + 1];
    --count;
  } else if (joins_before) {
    ranges[at - 1].last = seq;
  } else if (joins_after) {
    ranges[at].first = seq;
  } else {
    if (count == kMaxAckRanges) return false;
    for (std::size_t i = count; i > at; --i) ranges[i] = ranges[i - 1];
    ranges[at] = {seq, seq};
    ++count;
  }
  return true;
}

bool Ack::covers(std::uint32_t seq) const {
  for (const SeqRange& range : *this) {
    if (range.first <= seq && seq <= range.last) return true;
  }
  return false;
}

std::string_view encode_ack(const Ack& ack, char* buffer, std::size_t capacity) {
  if (ack.count == 0) return {};
  JsonWriter out(buffer, capacity);
  out.raw("{\"boot\":");
  out.integer(ack.boot);
  out.raw(",\"seq\":[");
  for (const SeqRange& range : ack) {
    out.raw(&range == ack.begin() ? "[" : ",[");
    out.integer(range.first);
    out.raw(",");
    out.integer(range.last);
    out.raw("]");
  }
  out.raw("]}");
  return out.text();
}

Outcome decode_ack(std::string_view payload, Ack& into) {
  into.count = 0;
  bool has_boot = false;
  Outcome outcome = read_members(payload, [&](std::string_view name, JsonCursor& cursor) {
    if (name == "seq") return read_ranges(cursor, into);
    if (name != "boot") return skip_member(cursor);
    if (has_boot) return Refusal::duplicate_member;
    has_boot = true;
    const auto boot = read_unsigned(cursor, kMaxSeq);
    if (boot) into.boot = *boot;
    return boot ? Refusal::none : Refusal::bad_sequence;
  });
  if (outcome && (!has_boot || into.count == 0)) outcome.refusal = Refusal::missing_member;
  return outcome;
}

}  // namespace croft::protocol

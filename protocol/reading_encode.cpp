// Encodes readings; apart from the decoder, so that a node's firmware carries only what it needs.
// SPDX-License-Identifier: Apache-2.0
#include "protocol/reading_codec.hpp"

namespace croft::protocol {
namespace {

void write_member(JsonWriter& out, std::string_view name, std::int64_t value) {
  out.string(name);
  out.raw(":");
  out.integer(value);
  out.raw(",");
}

void write_reading(JsonWriter& out, const ReadingFields& reading) {
  out.raw("{");
  if (reading.time_ms) write_member(out, "time", *reading.time_ms);
  if (reading.boot) write_member(out, "boot", *reading.boot);
  if (reading.seq) write_member(out, "seq", *reading.seq);
  for (std::size_t i = 0; i < reading.count; ++i) {
    const Measurement& value = reading.values[i];
    if (i > 0) out.raw(",");
    out.string(value.name);
    out.raw(":");
    if (value.is_boolean) {
      out.raw(value.number != 0 ? "true" : "false");
    } else {
      out.number(value.number);
    }
  }
  out.raw("}");
}

}  // namespace

// The first byte is kept for '[' and the last for ']'; finish() leaves them out for a lone reading.
ReadingEncoder::ReadingEncoder(char* buffer, std::size_t capacity)
    : out_(buffer, capacity < kMaxPayloadBytes ? capacity : kMaxPayloadBytes),
      capacity_(capacity < kMaxPayloadBytes ? capacity : kMaxPayloadBytes) {
  out_.raw("[");
}

bool ReadingEncoder::add(const ReadingFields& reading) {
  if (count_ == kMaxReadings || reading.count == 0 || reading.count > kMaxMeasurements)
    return false;
  const std::size_t before = out_.size();
  if (count_ > 0) out_.raw(",");
  write_reading(out_, reading);
  if (!out_.ok() || out_.size() + 1 > capacity_) {
    out_.rewind(before);
    return false;
  }
  ++count_;
  return true;
}

std::string_view ReadingEncoder::finish() {
  if (count_ == 0) return {};
  if (count_ == 1) return out_.text().substr(1);
  out_.raw("]");
  return out_.text();
}

}  // namespace croft::protocol

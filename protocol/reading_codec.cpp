// Decodes telemetry: one pass over a lone reading, two over an array (judge all, then give each).
// SPDX-License-Identifier: Apache-2.0
#include "protocol/reading_codec.hpp"

#include <cmath>

#include "protocol/time_codec.hpp"

namespace croft::protocol {
namespace {

// One of 64 bits for a name; equal names have equal bits.
std::uint64_t name_bit(std::string_view name) {
  const auto first = static_cast<unsigned char>(name.front());
  const auto last = static_cast<unsigned char>(name.back());
  return std::uint64_t{1} << ((first * 5 + last * 11 + name.size() * 23) & 63);
}

bool starts_other_value(char c) {
  // Strings, nesting, null, and the NaN and Infinity that some encoders print.
  return c == '"' || c == '{' || c == '[' || c == 'n' || c == 'N' || c == 'I';
}

}  // namespace

ReadingDecoder::ReadingDecoder(std::string_view payload) : payload_(payload), cursor_(payload) {
  if (payload.size() > kMaxPayloadBytes) {
    refuse(Refusal::too_large, kMaxPayloadBytes);
    return;
  }
  if (!read_message() || size_ == 1) return;
  cursor_ = JsonCursor(payload_);
  cursor_.take('[');
}

const ReadingView* ReadingDecoder::next() {
  if (given_ >= size()) return nullptr;
  ++given_;
  if (size_ == 1) return &reading_;  // still there from the validation
  if (given_ > 1) cursor_.take(',');
  return read_reading() ? &reading_ : nullptr;
}

bool ReadingDecoder::read_message() {
  if (cursor_.at_end()) return refuse(Refusal::empty);
  if (cursor_.peek() == '{') {
    if (!read_reading()) return false;
    size_ = 1;
  } else if (!cursor_.take('[')) {
    return refuse(Refusal::bad_json);
  } else if (!read_array()) {
    return false;
  }
  return cursor_.at_end() || refuse(Refusal::bad_json);
}

bool ReadingDecoder::read_array() {
  if (cursor_.take(']')) return refuse(Refusal::empty);
  do {
    if (cursor_.peek() != '{') return refuse(Refusal::bad_json);
    if (size_ == kMaxReadings) return refuse(Refusal::too_many_readings);
    if (!read_reading()) return false;
    ++size_;
  } while (cursor_.take(','));
  return cursor_.take(']') || refuse(Refusal::bad_json);
}

bool ReadingDecoder::read_reading() {
  reading_.time_ms.reset();
  reading_.boot.reset();
  reading_.seq.reset();
  reading_.count = 0;
  seen_ = 0;
  const std::size_t start = cursor_.offset();
  if (!cursor_.take('{')) return refuse(Refusal::bad_json);
  if (cursor_.take('}')) return refuse(Refusal::empty, start);
  do {
    if (!read_member()) return false;
  } while (cursor_.take(','));
  if (!cursor_.take('}')) return refuse(Refusal::bad_json);
  return reading_.count > 0 || refuse(Refusal::empty, start);
}

bool ReadingDecoder::read_member() {
  cursor_.peek();
  const std::size_t name_at = cursor_.offset();
  // An escaped name is decoded into the row of the measurement it may become.
  char spare[kMaxNameBytes];
  const bool room = reading_.count < kMaxMeasurements;
  const JsonString name = cursor_.read_string(room ? names_[reading_.count] : spare, kMaxNameBytes);
  if (!name.ok || !cursor_.take(':')) return refuse(Refusal::bad_json);
  cursor_.peek();
  if (name.text == "seq") return read_sequence(reading_.seq);
  if (name.text == "time") return read_time();
  if (name.text == "boot") return read_sequence(reading_.boot);
  if (name.truncated || !is_name(name.text)) return refuse(Refusal::bad_name, name_at);
  return read_measurement(name.text, name_at);
}

bool ReadingDecoder::read_time() {
  const std::size_t at = cursor_.offset();
  if (reading_.time_ms) return refuse(Refusal::duplicate_member, at);
  if (cursor_.peek() == '"') {
    char scratch[64];
    const JsonString text = cursor_.read_string(scratch, sizeof scratch);
    if (!text.ok) return refuse(Refusal::bad_json);
    reading_.time_ms = parse_time(text.text);
    return (reading_.time_ms && !text.truncated) || refuse(Refusal::bad_time, at);
  }
  const JsonNumber number = cursor_.read_number();
  if (number.state != JsonNumber::State::ok) return refuse(Refusal::bad_time, at);
  reading_.time_ms = time_from_number(number.value);
  return true;
}

bool ReadingDecoder::read_sequence(std::optional<std::uint32_t>& into) {
  const std::size_t at = cursor_.offset();
  if (into) return refuse(Refusal::duplicate_member, at);
  const JsonNumber number = cursor_.read_number();
  if (number.state != JsonNumber::State::ok || std::signbit(number.value) ||
      number.value > 4294967295.0 || number.value != std::floor(number.value)) {
    return refuse(Refusal::bad_sequence, at);
  }
  into = static_cast<std::uint32_t>(number.value);
  return true;
}

bool ReadingDecoder::read_measurement(std::string_view name, std::size_t name_at) {
  const std::size_t at = cursor_.offset();
  if (reading_.count == kMaxMeasurements) return refuse(Refusal::too_many_measurements, name_at);
  const std::uint64_t bit = name_bit(name);
  if ((seen_ & bit) != 0) {
    for (const Measurement& other : reading_) {
      if (other.name == name) return refuse(Refusal::duplicate_member, name_at);
    }
  }
  seen_ |= bit;
  Measurement& value = reading_.values[reading_.count++];
  value.name = name;
  value.is_boolean = true;
  const bool yes = cursor_.take_word("true");
  value.number = yes ? 1 : 0;
  if (yes || cursor_.take_word("false")) return true;
  value.is_boolean = false;
  if (starts_other_value(cursor_.peek())) return refuse(Refusal::bad_value, at);
  const JsonNumber number = cursor_.read_number();
  if (number.state == JsonNumber::State::malformed) {
    const bool infinity = payload_.substr(at, 2) == "-I" || payload_.substr(at, 2) == "-N";
    return refuse(infinity ? Refusal::bad_value : Refusal::bad_json, at);
  }
  if (number.state == JsonNumber::State::overflow) return refuse(Refusal::bad_value, at);
  value.number = number.value;
  return true;
}

bool ReadingDecoder::refuse(Refusal refusal, std::size_t offset) {
  outcome_ = {refusal, offset};
  return false;
}

}  // namespace croft::protocol

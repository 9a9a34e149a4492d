// The telemetry payload: one flat JSON object, or an array of them, to readings and back.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>

#include "protocol/json_cursor.hpp"
#include "protocol/json_writer.hpp"
#include "protocol/limits.hpp"
#include "protocol/refusal.hpp"

namespace croft::protocol {

/// One measured value. A boolean is kept as 0 or 1.
struct Measurement {
  std::string_view name;
  double number;
  bool is_boolean;
};

/// A reading as it stands in a payload. The names live as long as the payload and the decoder.
struct ReadingView {
  std::optional<std::int64_t> time_ms;  // within kMinEpochMs..kMaxEpochMs
  std::optional<std::uint32_t> boot;
  std::optional<std::uint32_t> seq;
  std::size_t count = 0;
  Measurement values[kMaxMeasurements];  // the first `count` are set

  ReadingView() {}  // leaves `values` unset: nothing reads beyond `count`
  const Measurement* begin() const { return values; }
  const Measurement* end() const { return values + count; }
};

/// Decodes one message, all or nothing: the constructor validates the whole payload, so that every
/// reading that next() gives belongs to a message without fault. About 6 KiB; keep it on the stack.
///
///   ReadingDecoder decoder(payload);
///   if (!decoder.outcome()) return refuse(decoder.outcome());
///   while (const ReadingView* reading = decoder.next()) keep(*reading);
class ReadingDecoder {
 public:
  /// `payload` must outlive the decoder.
  explicit ReadingDecoder(std::string_view payload);
  ReadingDecoder(const ReadingDecoder&) = delete;
  ReadingDecoder& operator=(const ReadingDecoder&) = delete;

  const Outcome& outcome() const { return outcome_; }
  /// How many readings the message holds; 0 after a refusal.
  std::size_t size() const { return outcome_ ? size_ : 0; }
  /// The next reading, valid until the next call; nullptr after the last and after a refusal.
  const ReadingView* next();

 private:
  bool read_message();
  bool read_array();
  bool read_reading();
  bool read_member();
  bool read_time();
  bool read_sequence(std::optional<std::uint32_t>& into);
  bool read_measurement(std::string_view name, std::size_t name_at);
  bool refuse(Refusal refusal, std::size_t offset);
  bool refuse(Refusal refusal) { return refuse(refusal, cursor_.offset()); }

  std::string_view payload_;
  JsonCursor cursor_;
  Outcome outcome_;
  std::size_t size_ = 0;
  std::size_t given_ = 0;
  std::uint64_t seen_ = 0;  // one bit for each name's hash: spares most duplicate searches
  ReadingView reading_;
  char names_[kMaxMeasurements][kMaxNameBytes];  // names that were spelled with escapes
};

/// The same as one call: `each(const ReadingView&)` for every reading, only if all are good.
template <class F>
Outcome decode_readings(std::string_view payload, F&& each) {
  ReadingDecoder decoder(payload);
  while (const ReadingView* reading = decoder.next()) each(*reading);
  return decoder.outcome();
}

/// What a reading is written from.
struct ReadingFields {
  std::optional<std::int64_t> time_ms;
  std::optional<std::uint32_t> boot;
  std::optional<std::uint32_t> seq;
  const Measurement* values = nullptr;
  std::size_t count = 0;
};

/// Writes one telemetry payload into a caller's buffer: a lone reading as an object, several as an
/// array. Never more than kMaxReadings readings or kMaxPayloadBytes.
class ReadingEncoder {
 public:
  ReadingEncoder(char* buffer, std::size_t capacity);

  /// False, with the payload as it was before, when the reading does not fit any more or cannot be
  /// written (no measurement, a value that is not finite).
  bool add(const ReadingFields& reading);
  std::size_t size() const { return count_; }
  /// The payload; empty when no reading was added. Call once, last.
  std::string_view finish();

 private:
  JsonWriter out_;
  std::size_t capacity_;
  std::size_t count_ = 0;
};

}  // namespace croft::protocol

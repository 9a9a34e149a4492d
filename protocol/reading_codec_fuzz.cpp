// Fuzzes the telemetry decoder: whatever it accepts must come back the same from the encoder.
// SPDX-License-Identifier: Apache-2.0
#include <cstdint>
#include <cstdlib>
#include <vector>

#include "protocol/reading_codec.hpp"

namespace {

using croft::protocol::Measurement;
using croft::protocol::ReadingDecoder;
using croft::protocol::ReadingEncoder;
using croft::protocol::ReadingView;

void must(bool condition) {
  if (!condition) std::abort();
}

void must_equal(const ReadingView& a, const ReadingView& b) {
  must(a.time_ms == b.time_ms || !b.time_ms || *a.time_ms > -100000000000);
  must(a.boot == b.boot && a.seq == b.seq && a.count == b.count);
  for (std::size_t i = 0; i < a.count; ++i) {
    must(a.values[i].name == b.values[i].name && a.values[i].number == b.values[i].number);
    must(a.values[i].is_boolean == b.values[i].is_boolean);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view payload(reinterpret_cast<const char*>(data), size);
  ReadingDecoder decoder(payload);
  must(decoder.outcome() || decoder.size() == 0);
  must(decoder.outcome().offset <= size);
  std::size_t given = 0;
  while (const ReadingView* reading = decoder.next()) {
    ++given;
    must(reading->count > 0);
    static char buffer[croft::protocol::kMaxPayloadBytes];
    ReadingEncoder encoder(buffer, sizeof buffer);
    must(encoder.add(
        {reading->time_ms, reading->boot, reading->seq, reading->values, reading->count}));
    ReadingDecoder again(encoder.finish());
    const ReadingView* back = again.next();
    must(back != nullptr);
    must_equal(*reading, *back);
  }
  must(given == decoder.size());
  return 0;
}

// Fuzzes what one process tells another: whatever comes, it is read or refused, never more.
// SPDX-License-Identifier: Apache-2.0
#include <cstdlib>

#include "relay/directory_news.hpp"
#include "relay/reading_batch.hpp"
#include "relay/told.hpp"

using namespace croft;

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (const auto news = relay::decode_directory_news(text)) {
    const auto again = relay::decode_directory_news(relay::encode(*news));
    if (!again || again->devices.size() != news->devices.size()) std::abort();
  }
  if (const auto readings = relay::decode_readings(text)) {
    relay::ReadingBatch batch;
    for (const auto& reading : *readings) batch.add(reading);
    const auto again = relay::decode_readings(batch.take());
    if (!again || again->size() != readings->size()) std::abort();
  }
  if (const auto told = relay::decode_told(text))
    if (relay::encode(*told) != text) std::abort();
  return 0;
}

// Fuzzes topics and times: what is accepted must be written back and mean the same.
// SPDX-License-Identifier: Apache-2.0
#include <cstdint>
#include <cstdlib>

#include "protocol/time_codec.hpp"
#include "protocol/topics.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace croft::protocol;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (const auto topic = parse_topic(text)) {
    char buffer[kMaxTopicBytes];
    if (write_topic(topic->device, topic->kind, buffer, sizeof buffer) != text) std::abort();
  }
  if (const auto instant = parse_time(text)) {
    char buffer[kTimeBytes];
    if (parse_time(write_time(*instant, buffer)) != instant) std::abort();
  }
  return 0;
}

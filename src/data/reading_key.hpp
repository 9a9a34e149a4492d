// What tells two readings of one device and one time apart.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string_view>

namespace croft::data {

// A node's own numbering of its readings.
struct Sequence {
  std::uint32_t boot = 0;
  std::uint32_t seq = 0;

  bool operator==(const Sequence&) const = default;
};

constexpr std::int64_t numbered_key(Sequence sequence) {
  return static_cast<std::int64_t>(std::uint64_t{sequence.boot} << 32 | sequence.seq);
}

// The content stands in for a number: FNV-1a, 64 bits, over the stored values, then mixed. Equal
// readings must get equal keys for ever, on every machine; a keyed hash would gain nothing, since a
// collision only merges two readings of one device within one millisecond, and the only one who
// could provoke it is that device.
constexpr std::int64_t content_key(std::string_view values) {
  std::uint64_t hash = 0xcbf29ce484222325U;
  for (const char c : values) {
    hash ^= static_cast<unsigned char>(c);
    hash *= 0x100000001b3U;
  }
  hash ^= hash >> 32;  // FNV's high bits know little of the last bytes
  hash *= 0x9e3779b97f4a7c15U;
  hash ^= hash >> 29;
  return static_cast<std::int64_t>(hash);
}

}  // namespace croft::data

// Which sequence numbers of one boot are stored, as ranges.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "protocol/ack_codec.hpp"

namespace croft::data {

// A node that loses nothing has one range a boot. The set holds at most kMaxRanges; beyond that it
// forgets the lowest numbers. A forgotten reading that comes again is still recognised by its time
// and key, unless the node has no clock: then it is stored twice, but never lost.
class SequenceSet {
 public:
  static constexpr std::size_t kMaxRanges = 1000;

  // False when it was there.
  bool add(std::uint32_t seq);
  bool contains(std::uint32_t seq) const;
  // The range that holds `seq`, or just itself when the set has forgotten it.
  protocol::SeqRange around(std::uint32_t seq) const;
  const std::vector<protocol::SeqRange>& ranges() const { return ranges_; }

  // Varints: each gap and each length, from the lowest range up. Nothing when the text is damaged.
  std::string encode() const;
  static std::optional<SequenceSet> decode(std::string_view text);

 private:
  // The first range that ends at `seq` or later.
  std::size_t find(std::uint32_t seq) const;

  std::vector<protocol::SeqRange> ranges_;  // ascending, never touching
};

}  // namespace croft::data

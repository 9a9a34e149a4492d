// Ranges of stored sequence numbers: joined while adding, kept as varints.
// SPDX-License-Identifier: Apache-2.0
#include "data/sequence_set.hpp"

#include <algorithm>
#include <limits>

#include "data/varint.hpp"

namespace croft::data {
namespace {

using protocol::SeqRange;

constexpr std::uint64_t kMaxSeq = std::numeric_limits<std::uint32_t>::max();

}  // namespace

std::size_t SequenceSet::find(std::uint32_t seq) const {
  // Most often the number follows the last range.
  if (ranges_.empty() || ranges_.back().last < seq) return ranges_.size();
  const auto at = std::partition_point(ranges_.begin(), ranges_.end(),
                                       [&](const SeqRange& range) { return range.last < seq; });
  return static_cast<std::size_t>(at - ranges_.begin());
}

bool SequenceSet::contains(std::uint32_t seq) const {
  const auto at = find(seq);
  return at < ranges_.size() && ranges_[at].first <= seq;
}

SeqRange SequenceSet::around(std::uint32_t seq) const {
  const auto at = find(seq);
  if (at < ranges_.size() && ranges_[at].first <= seq) return ranges_[at];
  return {seq, seq};
}

bool SequenceSet::add(std::uint32_t seq) {
  const auto at = find(seq);
  if (at < ranges_.size() && ranges_[at].first <= seq) return false;
  const bool joins_before = at > 0 && ranges_[at - 1].last + 1 == seq;
  const bool joins_after = at < ranges_.size() && seq + 1 == ranges_[at].first;
  const auto here = ranges_.begin() + static_cast<std::ptrdiff_t>(at);
  if (joins_before && joins_after) {
    ranges_[at - 1].last = here->last;
    ranges_.erase(here);
  } else if (joins_before) {
    ranges_[at - 1].last = seq;
  } else if (joins_after) {
    here->first = seq;
  } else {
    ranges_.insert(here, {seq, seq});
    if (ranges_.size() > kMaxRanges) ranges_.erase(ranges_.begin());
  }
  return true;
}

std::string SequenceSet::encode() const {
  std::string out;
  std::uint64_t next = 0;  // the lowest number that the coming range can begin with
  for (const auto& range : ranges_) {
    append_varint(out, range.first - next);
    append_varint(out, range.last - range.first);
    next = std::uint64_t{range.last} + 2;
  }
  return out;
}

std::optional<SequenceSet> SequenceSet::decode(std::string_view text) {
  SequenceSet set;
  std::uint64_t next = 0;
  while (!text.empty()) {
    std::uint64_t gap = 0, length = 0;
    if (!read_varint(text, gap) || !read_varint(text, length)) return std::nullopt;
    if (gap > kMaxSeq || length > kMaxSeq || set.ranges_.size() == kMaxRanges) return std::nullopt;
    const auto first = next + gap;
    const auto last = first + length;
    if (last > kMaxSeq) return std::nullopt;
    set.ranges_.push_back({static_cast<std::uint32_t>(first), static_cast<std::uint32_t>(last)});
    next = last + 2;
  }
  return set;
}

}  // namespace croft::data

// The telemetry/ack payload: which readings of a boot are durably stored, as ranges.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "protocol/limits.hpp"
#include "protocol/refusal.hpp"

namespace croft::protocol {

/// Sequence numbers first to last, both included.
struct SeqRange {
  std::uint32_t first;
  std::uint32_t last;
};

/// `{"boot":17,"seq":[[1,5],[7,7]]}`
struct Ack {
  std::uint32_t boot = 0;
  std::size_t count = 0;
  SeqRange ranges[kMaxAckRanges];  // the first `count` are set

  Ack() {}
  explicit Ack(std::uint32_t of_boot) : boot(of_boot) {}

  /// Adds one stored reading. Neighbours join into one range, cheapest in ascending order. False
  /// when it would need one range more than fits: send this ack and start another.
  bool add(std::uint32_t seq);
  bool covers(std::uint32_t seq) const;
  const SeqRange* begin() const { return ranges; }
  const SeqRange* end() const { return ranges + count; }
};

constexpr std::size_t kMaxAckBytes = 40 + kMaxAckRanges * 24;

/// The payload, in `buffer`; empty when it does not fit (kMaxAckBytes always suffice) or the ack
/// has no range.
std::string_view encode_ack(const Ack& ack, char* buffer, std::size_t capacity);

/// Members it does not know are stepped over. On a refusal `into` is not to be used.
Outcome decode_ack(std::string_view payload, Ack& into);

}  // namespace croft::protocol

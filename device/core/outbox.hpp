// The readings a node keeps until the platform says that they are stored: a ring in given memory.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "protocol/ack_codec.hpp"

namespace croft::core {

constexpr std::size_t kMaxSensors = 16;

/// One reading. `values` has one entry for each sensor; not-a-number where a sensor was silent.
struct Sample {
  std::int64_t at_ms = 0;  // wall clock if `has_wall`, else uptime
  std::uint32_t seq = 0;
  bool has_wall = false;
  float values[kMaxSensors];  // the first Outbox::sensors() are set

  Sample() {}
};

/// Oldest first. When it is full the oldest reading makes room for the new one, and is counted: a
/// node that was cut off for days comes back with the newest stretch it could keep.
class Outbox {
 public:
  /// Keeps readings of `sensors` values in `memory`, which must outlive it; see bytes_for().
  Outbox(void* memory, std::size_t bytes, std::size_t sensors);

  static std::size_t bytes_for(std::size_t readings, std::size_t sensors);

  /// False when an older reading had to go.
  bool push(const Sample& sample);

  std::size_t size() const { return count_; }
  /// Those of them that the platform has not acknowledged.
  std::size_t unacknowledged() const { return count_ - acknowledged_; }
  std::size_t capacity() const { return capacity_; }
  std::size_t sensors() const { return sensors_; }
  /// Readings that had to go unstored.
  std::uint64_t dropped() const { return dropped_; }

  /// Sent since rewind(), not yet acknowledged.
  std::size_t in_flight() const { return in_flight_; }
  /// The index from `from` on of a reading that was not sent and not acknowledged; size() if none.
  std::size_t next_unsent(std::size_t from) const;
  std::size_t first_unsent() const { return next_unsent(next_); }
  Sample at(std::size_t index) const;
  /// Marks all up to and including `index` as sent; `count` of them are newly in flight.
  void mark_sent(std::size_t index, std::size_t count);
  /// Everything unacknowledged is unsent again.
  void rewind();

  /// Marks what `ack` covers, calls `stored(seq)` once for each, and forgets from the oldest on.
  /// Returns whether the oldest reading went, which is what progress means.
  template <class F>
  bool acknowledge(const protocol::Ack& ack, F&& stored) {
    const std::size_t before = count_;
    for (std::size_t i = 0; i < count_; ++i) {
      if (!is_acknowledged(i) && ack.covers(seq(i))) {
        set_acknowledged(i);
        stored(seq(i));
      }
    }
    forget_acknowledged();
    return count_ < before;
  }

  /// Gives every reading made without a clock its time: wall = uptime + `offset_ms`.
  void set_clock(std::int64_t offset_ms);

 private:
  // A row in memory: at_ms, seq, flags, then the values.
  unsigned char* row(std::size_t index) const;
  std::uint32_t seq(std::size_t index) const;
  bool is_acknowledged(std::size_t index) const;
  void set_acknowledged(std::size_t index);
  void forget_acknowledged();
  void pop();

  unsigned char* memory_;
  std::uint16_t sensors_;
  std::uint16_t stride_;
  std::size_t capacity_;
  std::size_t head_ = 0;
  std::size_t count_ = 0;
  std::size_t next_ = 0;  // everything before it was sent
  std::size_t in_flight_ = 0;
  std::size_t acknowledged_ = 0;  // behind an older one that is not
  std::uint64_t dropped_ = 0;
};

}  // namespace croft::core

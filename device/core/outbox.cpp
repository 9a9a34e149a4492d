// The ring of unacknowledged readings, packed: 13 bytes and a float for each sensor.
// SPDX-License-Identifier: Apache-2.0
#include "device/core/outbox.hpp"

#include <cstring>

namespace croft::core {
namespace {

constexpr std::size_t kAtOffset = 0;
constexpr std::size_t kSeqOffset = 8;
constexpr std::size_t kFlagsOffset = 12;
constexpr std::size_t kValuesOffset = 13;
constexpr unsigned char kHasWall = 1;
constexpr unsigned char kAcknowledged = 2;

constexpr std::size_t stride_for(std::size_t sensors) {
  return kValuesOffset + sensors * sizeof(float);
}

// Rows are not aligned: their parts are copied.
template <class T>
T read(const unsigned char* at) {
  T value;
  std::memcpy(&value, at, sizeof value);
  return value;
}

template <class T>
void write(unsigned char* at, T value) {
  std::memcpy(at, &value, sizeof value);
}

}  // namespace

Outbox::Outbox(void* memory, std::size_t bytes, std::size_t sensors)
    : memory_(static_cast<unsigned char*>(memory)),
      sensors_(static_cast<std::uint16_t>(sensors < kMaxSensors ? sensors : kMaxSensors)),
      stride_(static_cast<std::uint16_t>(stride_for(sensors_))),
      capacity_(bytes / stride_) {}

std::size_t Outbox::bytes_for(std::size_t readings, std::size_t sensors) {
  return readings * stride_for(sensors);
}

unsigned char* Outbox::row(std::size_t index) const {
  return memory_ + (head_ + index) % capacity_ * stride_;
}

std::uint32_t Outbox::seq(std::size_t index) const {
  return read<std::uint32_t>(row(index) + kSeqOffset);
}

bool Outbox::is_acknowledged(std::size_t index) const {
  return (row(index)[kFlagsOffset] & kAcknowledged) != 0;
}

bool Outbox::push(const Sample& sample) {
  if (capacity_ == 0) {
    ++dropped_;
    return false;
  }
  const bool full = count_ == capacity_;
  if (full) {
    ++dropped_;  // never an acknowledged one: those leave the front at once
    pop();
    forget_acknowledged();
  }
  unsigned char* to = row(count_++);
  write(to + kAtOffset, sample.at_ms);
  write(to + kSeqOffset, sample.seq);
  to[kFlagsOffset] = sample.has_wall ? kHasWall : 0;
  std::memcpy(to + kValuesOffset, sample.values, sensors_ * sizeof(float));
  return !full;
}

Sample Outbox::at(std::size_t index) const {
  const unsigned char* from = row(index);
  Sample out;
  out.at_ms = read<std::int64_t>(from + kAtOffset);
  out.seq = read<std::uint32_t>(from + kSeqOffset);
  out.has_wall = (from[kFlagsOffset] & kHasWall) != 0;
  std::memcpy(out.values, from + kValuesOffset, sensors_ * sizeof(float));
  return out;
}

std::size_t Outbox::next_unsent(std::size_t from) const {
  while (from < count_ && is_acknowledged(from)) ++from;
  return from;
}

void Outbox::mark_sent(std::size_t index, std::size_t count) {
  next_ = index + 1;
  in_flight_ += count;
}

void Outbox::rewind() {
  next_ = 0;
  in_flight_ = 0;
}

void Outbox::set_acknowledged(std::size_t index) {
  row(index)[kFlagsOffset] |= kAcknowledged;
  ++acknowledged_;
  if (index < next_) --in_flight_;
}

void Outbox::forget_acknowledged() {
  while (count_ > 0 && is_acknowledged(0)) pop();
}

void Outbox::pop() {
  const bool acknowledged = is_acknowledged(0);
  if (acknowledged) --acknowledged_;
  if (next_ > 0) {
    if (!acknowledged) --in_flight_;
    --next_;
  }
  head_ = (head_ + 1) % capacity_;
  --count_;
}

void Outbox::set_clock(std::int64_t offset_ms) {
  for (std::size_t i = 0; i < count_; ++i) {
    unsigned char* at = row(i);
    if ((at[kFlagsOffset] & kHasWall) != 0) continue;
    write(at + kAtOffset, read<std::int64_t>(at + kAtOffset) + offset_ms);
    at[kFlagsOffset] |= kHasWall;
  }
}

}  // namespace croft::core

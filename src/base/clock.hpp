// Time: one injectable clock, instants in milliseconds, RFC 3339 in and out.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace croft {

using Milliseconds = std::chrono::milliseconds;
using Seconds = std::chrono::seconds;
// A point on the wall clock, UTC, as stored and shown: whole milliseconds since 1970.
using Instant = std::chrono::time_point<std::chrono::system_clock, Milliseconds>;

constexpr Instant instant_from_ms(std::int64_t ms) { return Instant{Milliseconds{ms}}; }
constexpr std::int64_t to_ms(Instant at) { return at.time_since_epoch().count(); }

// "2026-11-22T13:00:00.250Z"
std::string format_instant(Instant);
// Appends the same 24 characters without an allocation of its own.
void append_instant(std::string& out, Instant);
// Any RFC 3339 instant (offset or Z, fraction optional); nothing when it is not one.
std::optional<Instant> parse_instant(std::string_view);
// ISO 8601: "PT5M", "P1DT12H", "P2W", whole numbers from weeks down to seconds. Years and months
// have no fixed length and are refused, as is anything above ten years.
std::optional<Seconds> parse_iso_duration(std::string_view);

// Where every part of Croft asks for the time. Safe from any thread.
class Clock {
 public:
  virtual ~Clock() = default;
  virtual Instant now() const = 0;
};

class SystemClock final : public Clock {
 public:
  Instant now() const override;
};

// A clock that stands still until a test turns it.
class HandClock final : public Clock {
 public:
  explicit HandClock(Instant start = instant_from_ms(1'763'812'800'000)) : now_ms_(to_ms(start)) {}
  Instant now() const override { return instant_from_ms(now_ms_.load()); }
  void advance(Milliseconds by) { now_ms_ += by.count(); }
  void set(Instant to) { now_ms_ = to_ms(to); }

 private:
  std::atomic<std::int64_t> now_ms_;
};

}  // namespace croft

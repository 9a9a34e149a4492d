// The SQL of hours that are rolled up and packed, and nothing but SQL.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string_view>
#include <vector>

#include "db/database.hpp"

namespace croft::data {

struct DeviceHour {
  std::int64_t device = 0;
  std::int64_t hour = 0;

  auto operator<=>(const DeviceHour&) const = default;
};

// A view of a connection, made anew for each job on a worker. Everything throws db::Broken.
class RollupStore {
 public:
  // `hour` as rollup.hpp has it. A stale hour has had readings since it was rolled up.
  using OnHour = std::function<void(std::int64_t number, std::string_view hour, bool stale)>;

  explicit RollupStore(db::Connection& connection) : connection_(connection) {}

  // Hours before the horizon are being rolled up or have been: who stores a reading there marks its
  // hour stale.
  std::int64_t horizon();
  // Lowered when a clock was ahead: what was rolled up beyond it is rolled up again.
  void set_horizon(std::int64_t hour);
  // Readings before this time may be forgotten; it is only ever raised.
  std::int64_t kept_from_ms();
  void raise_kept_from(std::int64_t time_ms);
  // The same of one measurement, by its id.
  std::int64_t kept_from_ms(std::uint32_t measurement);
  void raise_kept_from(std::uint32_t measurement, std::int64_t time_ms);
  void mark_stale(std::span<const DeviceHour> hours);

  // Up to `limit` devices whose hours before `horizon` are not all rolled up, and the first such.
  std::vector<DeviceHour> unrolled(std::int64_t horizon, std::size_t limit);
  // The hours of this device before that one are rolled up; those that are not there are empty.
  void set_rolled(const DeviceHour& until);
  std::int64_t rolled(std::int64_t device);
  std::vector<DeviceHour> stale(std::size_t limit);
  // The same of packing: up to `limit` devices with rows before `horizon` that may not be packed.
  struct Packed {
    std::int64_t device = 0;
    std::int64_t until_ms = 0;
  };
  std::vector<Packed> unpacked(std::int64_t horizon, std::size_t limit);
  void set_packed(const Packed&);
  // There are rows in this hour again.
  void unpack_from(const DeviceHour&);

  void put(const DeviceHour&, std::string_view hour);
  void remove(const DeviceHour&);
  // It stays as it is: what it was made of is gone.
  void keep(const DeviceHour&);
  // Hours from <= hour < before, oldest first.
  void each(std::int64_t device, std::int64_t from, std::int64_t before, const OnHour&);

  // Deletes up to `limit` hours before that one, oldest first; false when those were the last.
  bool delete_before(std::int64_t device, std::int64_t before, std::size_t limit);

 private:
  db::Connection& connection_;
};

}  // namespace croft::data

// Statements about hours and how far they are rolled up.
// SPDX-License-Identifier: Apache-2.0
#include "data/rollup_store.hpp"

#include <algorithm>
#include <limits>

#include "data/rollup.hpp"

namespace croft::data {
namespace {

std::int64_t first_integer(const db::Row& row) { return row.integer(0); }

DeviceHour device_hour(const db::Row& row) { return {row.integer(0), row.integer(1)}; }

db::Bytes bytes_of(std::string_view text) {
  return {reinterpret_cast<const std::byte*>(text.data()), text.size()};
}

}  // namespace

std::int64_t RollupStore::horizon() {
  return connection_.first("SELECT horizon FROM data_rollups", {}, first_integer).value_or(0);
}

void RollupStore::set_horizon(std::int64_t hour) {
  connection_.execute("UPDATE data_rollups SET horizon = $1", {hour});
  connection_.execute("UPDATE data_devices SET rolled = $1 WHERE rolled > $1", {hour});
  connection_.execute("UPDATE data_devices SET packed = $1 WHERE packed > $1", {hour * kHourMs});
}

std::int64_t RollupStore::kept_from_ms() {
  return connection_.first("SELECT kept_from FROM data_rollups", {}, first_integer).value_or(0);
}

void RollupStore::raise_kept_from(std::int64_t time_ms) {
  connection_.execute("UPDATE data_rollups SET kept_from = $1 WHERE kept_from < $1", {time_ms});
}

std::int64_t RollupStore::kept_from_ms(std::uint32_t measurement) {
  return connection_
      .first("SELECT kept_from FROM data_measurements WHERE id = $1", {measurement}, first_integer)
      .value_or(0);
}

void RollupStore::raise_kept_from(std::uint32_t measurement, std::int64_t time_ms) {
  connection_.execute(
      "UPDATE data_measurements SET kept_from = $2 WHERE id = $1 AND kept_from < $2",
      {measurement, time_ms});
}

void RollupStore::mark_stale(std::span<const DeviceHour> hours) {
  std::vector<std::int64_t> devices, numbers, stale(hours.size(), 1);
  std::vector<db::Bytes> nothing(hours.size());
  for (const auto& [device, hour] : hours) {
    devices.push_back(device);
    numbers.push_back(hour);
  }
  connection_.insert(
      {.into = "reading_hours (device, hour, vals, stale)",
       .key = "device, hour",
       .on_conflict = "(device, hour) DO UPDATE SET stale = 1",
       .columns = {std::move(devices), std::move(numbers), std::move(nothing), std::move(stale)}},
      nullptr);
}

std::vector<DeviceHour> RollupStore::unrolled(std::int64_t horizon, std::size_t limit) {
  std::vector<DeviceHour> found;
  connection_.query(
      "SELECT id, rolled FROM data_devices WHERE rolled < $1 AND device NOT LIKE '~%'"
      " ORDER BY id LIMIT $2",
      {horizon, limit}, [&](const db::Row& row) { found.push_back(device_hour(row)); });
  return found;
}

void RollupStore::set_rolled(const DeviceHour& until) {
  connection_.execute("UPDATE data_devices SET rolled = $2 WHERE id = $1",
                      {until.device, until.hour});
}

std::int64_t RollupStore::rolled(std::int64_t device) {
  return connection_.first("SELECT rolled FROM data_devices WHERE id = $1", {device}, first_integer)
      .value_or(0);
}

std::vector<DeviceHour> RollupStore::stale(std::size_t limit) {
  std::vector<DeviceHour> found;
  connection_.query("SELECT device, hour FROM reading_hours WHERE stale = 1 LIMIT $1", {limit},
                    [&](const db::Row& row) { found.push_back(device_hour(row)); });
  return found;
}

std::vector<RollupStore::Packed> RollupStore::unpacked(std::int64_t horizon, std::size_t limit) {
  std::vector<Packed> found;
  connection_.query(
      "SELECT id, packed FROM data_devices WHERE packed < $1 AND device NOT LIKE '~%'"
      " ORDER BY id LIMIT $2",
      {horizon * kHourMs, limit},
      [&](const db::Row& row) { found.push_back({row.integer(0), row.integer(1)}); });
  return found;
}

void RollupStore::set_packed(const Packed& packed) {
  connection_.execute("UPDATE data_devices SET packed = $2 WHERE id = $1",
                      {packed.device, packed.until_ms});
}

void RollupStore::unpack_from(const DeviceHour& at) {
  connection_.execute("UPDATE data_devices SET packed = $2 WHERE id = $1 AND packed > $2",
                      {at.device, at.hour * kHourMs});
}

void RollupStore::put(const DeviceHour& at, std::string_view hour) {
  connection_.execute(
      "INSERT INTO reading_hours (device, hour, vals, stale) VALUES ($1, $2, $3, 0)"
      " ON CONFLICT (device, hour) DO UPDATE SET vals = excluded.vals, stale = 0",
      {at.device, at.hour, bytes_of(hour)});
}

void RollupStore::remove(const DeviceHour& at) {
  connection_.execute("DELETE FROM reading_hours WHERE device = $1 AND hour = $2",
                      {at.device, at.hour});
}

void RollupStore::keep(const DeviceHour& at) {
  connection_.execute("UPDATE reading_hours SET stale = 0 WHERE device = $1 AND hour = $2",
                      {at.device, at.hour});
}

// A column of hours has no room for those of a range that is as good as endless.
void RollupStore::each(std::int64_t device, std::int64_t from, std::int64_t before,
                       const OnHour& on_hour) {
  constexpr std::int64_t kMost = std::numeric_limits<std::int32_t>::max();
  from = std::clamp<std::int64_t>(from, 0, kMost);
  before = std::clamp<std::int64_t>(before, 0, kMost);
  connection_.query(
      "SELECT hour, vals, stale FROM reading_hours"
      " WHERE device = $1 AND hour >= $2 AND hour < $3 ORDER BY hour",
      {device, from, before}, [&](const db::Row& row) {
        const auto bytes = row.bytes(1);
        on_hour(row.integer(0), {reinterpret_cast<const char*>(bytes.data()), bytes.size()},
                row.integer(2) != 0);
      });
}

bool RollupStore::delete_before(std::int64_t device, std::int64_t before, std::size_t limit) {
  const auto deleted = connection_.execute(
      "DELETE FROM reading_hours WHERE device = $1 AND hour IN (SELECT hour FROM reading_hours"
      " WHERE device = $1 AND hour < $2 ORDER BY hour LIMIT $3)",
      {device, before, limit});
  return deleted == static_cast<std::int64_t>(limit);
}

}  // namespace croft::data

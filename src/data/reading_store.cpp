// Statements about rows of readings, devices' numbers, measurements' ids and stored sequences.
// SPDX-License-Identifier: Apache-2.0
#include "data/reading_store.hpp"

#include <limits>

#include "data/block_store.hpp"
#include "data/month.hpp"

namespace croft::data {
namespace {

db::Bytes bytes_of(std::string_view text) {
  return {reinterpret_cast<const std::byte*>(text.data()), text.size()};
}

std::string_view text_of(db::Bytes bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

std::int64_t first_integer(const db::Row& row) { return row.integer(0); }

}  // namespace

std::int64_t ReadingStore::device_number(std::string_view device) {
  return connection_.first("SELECT id FROM data_devices WHERE device = $1", {device}, first_integer)
      .value_or(0);
}

// Several processes may number at once: whoever comes second finds what the first made, or tries
// the next number.
std::int64_t ReadingStore::number_device(std::string_view device) {
  for (;;) {
    const auto known = device_number(device);
    if (known != 0) return known;
    connection_.execute(
        "INSERT INTO data_devices (id, device) SELECT COALESCE(MAX(id), 0) + 1, $1"
        " FROM data_devices WHERE true ON CONFLICT DO NOTHING",
        {device});
  }
}

std::uint32_t ReadingStore::measurement_id(std::string_view name) {
  const auto id =
      connection_.first("SELECT id FROM data_measurements WHERE name = $1", {name}, first_integer);
  return static_cast<std::uint32_t>(id.value_or(0));
}

std::uint32_t ReadingStore::number_measurement(std::string_view name) {
  for (;;) {
    const auto known = measurement_id(name);
    if (known != 0) return known;
    connection_.execute(
        "INSERT INTO data_measurements (id, name) SELECT COALESCE(MAX(id), 0) + 1, $1"
        " FROM data_measurements WHERE true ON CONFLICT DO NOTHING",
        {name});
  }
}

void ReadingStore::each_device(
    const std::function<void(std::int64_t, std::string_view)>& on_device) {
  connection_.query("SELECT id, device FROM data_devices ORDER BY id", {},
                    [&](const db::Row& row) { on_device(row.integer(0), row.text(1)); });
}

void ReadingStore::each_measurement(
    const std::function<void(std::uint32_t, std::string_view)>& on_measurement) {
  connection_.query("SELECT id, name FROM data_measurements ORDER BY id", {},
                    [&](const db::Row& row) {
                      on_measurement(static_cast<std::uint32_t>(row.integer(0)), row.text(1));
                    });
}

std::int64_t ReadingStore::count_measurements() {
  return *connection_.first("SELECT COUNT(*) FROM data_measurements", {}, first_integer);
}

std::vector<std::uint32_t> ReadingStore::measurements_of(std::int64_t device) {
  std::vector<std::uint32_t> ids;
  connection_.query(
      "SELECT measurement FROM data_device_measurements WHERE device = $1 ORDER BY measurement",
      {device},
      [&](const db::Row& row) { ids.push_back(static_cast<std::uint32_t>(row.integer(0))); });
  return ids;
}

void ReadingStore::note_measurement(std::int64_t device, std::uint32_t measurement) {
  connection_.execute(
      "INSERT INTO data_device_measurements (device, measurement) VALUES ($1, $2)"
      " ON CONFLICT DO NOTHING",
      {device, measurement});
}

void ReadingStore::insert(std::span<const StoredReading> readings,
                          const std::function<void(std::size_t)>& on_new) {
  std::vector<std::int64_t> devices, times, keys, received;
  std::vector<db::Bytes> values;
  for (const auto& reading : readings) {
    devices.push_back(reading.device);
    times.push_back(reading.time_ms);
    keys.push_back(reading.key);
    received.push_back(reading.received_after_ms);
    values.push_back(bytes_of(reading.values));
  }
  connection_.insert({.into = "readings (device, time, key, received_after, vals)",
                      .key = "device, time, key",
                      .on_conflict = "DO NOTHING",
                      .columns = {std::move(devices), std::move(times), std::move(keys),
                                  std::move(received), std::move(values)}},
                     on_new);
}

void ReadingStore::make_room(const db::Part& month) { connection_.make_part(month); }

// That time is within a bound follows from (time, key) being within it; said apart, it lets an
// engine leave out whole parts.
void ReadingStore::rows_forward(std::int64_t device, const Place& after, std::int64_t before_ms,
                                std::size_t limit, const OnReading& on_reading) {
  connection_.query(
      "SELECT time, key, received_after, vals FROM readings"
      " WHERE device = $1 AND (time, key) > ($2, $3) AND time >= $2 AND time < $4"
      " ORDER BY time, key LIMIT $5",
      {device, after.time_ms, after.key, before_ms, limit}, [&](const db::Row& row) {
        on_reading({device, row.integer(0), row.integer(1), row.integer(2), text_of(row.bytes(3))});
      });
}

void ReadingStore::rows_backward(std::int64_t device, const Place& before, std::int64_t from_ms,
                                 std::size_t limit, const OnReading& on_reading) {
  connection_.query(
      "SELECT time, key, received_after, vals FROM readings"
      " WHERE device = $1 AND (time, key) < ($2, $3) AND time <= $2 AND time >= $4"
      " ORDER BY time DESC, key DESC LIMIT $5",
      {device, before.time_ms, before.key, from_ms, limit}, [&](const db::Row& row) {
        on_reading({device, row.integer(0), row.integer(1), row.integer(2), text_of(row.bytes(3))});
      });
}

std::optional<std::string> ReadingStore::sequences(std::int64_t device, std::uint32_t boot) {
  return connection_.first("SELECT ranges FROM reading_sequences WHERE device = $1 AND boot = $2",
                           {device, boot},
                           [](const db::Row& row) { return std::string(text_of(row.bytes(0))); });
}

void ReadingStore::put_sequences(std::span<const StoredSequences> boots) {
  std::vector<std::int64_t> devices, numbers;
  std::vector<db::Bytes> ranges;
  for (const auto& boot : boots) {
    devices.push_back(boot.device);
    numbers.push_back(boot.boot);
    ranges.push_back(bytes_of(boot.ranges));
  }
  connection_.insert({.into = "reading_sequences (device, boot, ranges)",
                      .key = "device, boot",
                      .on_conflict = "(device, boot) DO UPDATE SET ranges = excluded.ranges",
                      .columns = {std::move(devices), std::move(numbers), std::move(ranges)}},
                     nullptr);
}

void ReadingStore::hide_device(std::string_view device) {
  const auto number = device_number(device);
  if (number == 0) return;
  connection_.execute("UPDATE data_devices SET device = $2 WHERE id = $1",
                      {number, "~" + std::to_string(number)});
}

std::vector<std::int64_t> ReadingStore::hidden_devices() {
  std::vector<std::int64_t> numbers;
  connection_.query("SELECT id FROM data_devices WHERE device LIKE '~%' ORDER BY id", {},
                    [&](const db::Row& row) { numbers.push_back(row.integer(0)); });
  return numbers;
}

void ReadingStore::delete_rows(std::int64_t device, const Place& first, const Place& last) {
  connection_.execute(
      "DELETE FROM readings WHERE device = $1 AND (time, key) >= ($2, $3) AND (time, key) <= ($4, "
      "$5)"
      " AND time >= $2 AND time <= $4",
      {device, first.time_ms, first.key, last.time_ms, last.key});
}

bool ReadingStore::delete_before(std::int64_t device, std::int64_t before_ms, std::size_t limit) {
  const auto blocks = limit / Block::kMost + 1;
  if (BlockStore(connection_).delete_before(device, before_ms, blocks)) return true;
  const auto end = connection_.first(
      "SELECT time, key FROM readings WHERE device = $1 AND time < $2"
      " ORDER BY time, key LIMIT 1 OFFSET $3",
      {device, before_ms, limit},
      [](const db::Row& row) { return Place{row.integer(0), row.integer(1)}; });
  const auto place = end.value_or(Place{before_ms, std::numeric_limits<std::int64_t>::min()});
  connection_.execute("DELETE FROM readings WHERE device = $1 AND (time, key) < ($2, $3)",
                      {device, place.time_ms, place.key});
  return end.has_value();
}

std::vector<std::string> ReadingStore::drop_months(std::int64_t time_ms) {
  const auto month = month_of("readings", time_ms).name;
  auto dropped = connection_.drop_parts("readings", month, db::Connection::Which::all);
  for (auto& part : connection_.drop_parts("reading_blocks", month, db::Connection::Which::all))
    dropped.push_back(std::move(part));
  return dropped;
}

std::vector<std::string> ReadingStore::drop_empty_months(std::int64_t time_ms) {
  return connection_.drop_parts("readings", month_of("readings", time_ms).name,
                                db::Connection::Which::empty);
}

// The last number given stays, hidden, so that it is not given again.
void ReadingStore::forget_device(std::int64_t device) {
  connection_.execute("DELETE FROM reading_sequences WHERE device = $1", {device});
  connection_.execute("DELETE FROM data_device_measurements WHERE device = $1", {device});
  connection_.execute(
      "DELETE FROM data_devices WHERE id = $1 AND id < (SELECT MAX(id) FROM data_devices)",
      {device});
}

}  // namespace croft::data

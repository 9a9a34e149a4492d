// Readings in the database, as rows and in blocks; one text for every engine.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "db/database.hpp"

namespace croft::data {

// A reading as a row. `key` is numbered_key() or content_key(), `values` as in value_codec.hpp.
struct StoredReading {
  std::int64_t device = 0;
  std::int64_t time_ms = 0;
  std::int64_t key = 0;
  std::int64_t received_after_ms = 0;  // received - time; negative when the node's clock is ahead
  std::string_view values;

  bool operator==(const StoredReading&) const = default;
};

// The numbers of one boot that are stored, as SequenceSet encodes them.
struct StoredSequences {
  std::int64_t device = 0;
  std::uint32_t boot = 0;
  std::string ranges;
};

// A place within one device.
struct Place {
  std::int64_t time_ms = 0;
  std::int64_t key = 0;

  auto operator<=>(const Place&) const = default;
};

// A view of a connection, made anew for each job on a worker. Everything throws db::Broken.
class ReadingStore {
 public:
  using OnReading = std::function<void(const StoredReading&)>;

  explicit ReadingStore(db::Connection& connection) : connection_(connection) {}

  // Devices and measurements as small numbers. 0: never heard of.
  std::int64_t device_number(std::string_view device);
  std::int64_t number_device(std::string_view device);  // gives it one if need be
  std::uint32_t measurement_id(std::string_view name);
  std::uint32_t number_measurement(std::string_view name);
  void each_device(const std::function<void(std::int64_t number, std::string_view device)>&);
  void each_measurement(const std::function<void(std::uint32_t id, std::string_view name)>&);
  std::int64_t count_measurements();
  // What a device has ever measured.
  std::vector<std::uint32_t> measurements_of(std::int64_t device);
  void note_measurement(std::int64_t device, std::uint32_t measurement);

  // Calls `on_new` with the index of each reading that was not there yet.
  void insert(std::span<const StoredReading> readings,
              const std::function<void(std::size_t)>& on_new);
  // Readings of this month have a place to go from now on.
  void make_room(const db::Part& month);

  // Up to `limit` readings behind `after`, time < before_ms, oldest first.
  void forward(std::int64_t device, const Place& after, std::int64_t before_ms, std::size_t limit,
               const OnReading&);
  // Up to `limit` readings in front of `before`, time >= from_ms, newest first.
  void backward(std::int64_t device, const Place& before, std::int64_t from_ms, std::size_t limit,
                const OnReading&);
  // The same of those that are still rows, and not packed.
  void rows_forward(std::int64_t device, const Place& after, std::int64_t before_ms,
                    std::size_t limit, const OnReading&);
  void rows_backward(std::int64_t device, const Place& before, std::int64_t from_ms,
                     std::size_t limit, const OnReading&);
  // Of the oldest reading; nothing when there is none.
  std::optional<std::int64_t> first_time(std::int64_t device);
  bool is_packed(std::int64_t device, const Place&);
  // Deletes the rows from `first` to `last`, both included.
  void delete_rows(std::int64_t device, const Place& first, const Place& last);

  // The stored ranges of a boot as their text; nothing when there are none.
  std::optional<std::string> sequences(std::int64_t device, std::uint32_t boot);
  void put_sequences(std::span<const StoredSequences> boots);

  // Removing a device: its name goes at once, its rows step by step, its number is never used
  // again.
  void hide_device(std::string_view device);
  std::vector<std::int64_t> hidden_devices();
  // Deletes about `limit` readings before that time, oldest first; false when those were the last.
  bool delete_before(std::int64_t device, std::int64_t before_ms, std::size_t limit);
  // Drops the months in front of that time's, where the engine keeps months apart; returns which.
  std::vector<std::string> drop_months(std::int64_t time_ms);
  // The same of months that have no rows left, since all are packed.
  std::vector<std::string> drop_empty_months(std::int64_t time_ms);
  // What is left of a device without readings.
  void forget_device(std::int64_t device);

 private:
  db::Connection& connection_;
};

}  // namespace croft::data

// Reads the readings of many devices in one order: a merge of one ordered stream a device.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "data/cursor.hpp"
#include "data/names.hpp"
#include "data/reading_store.hpp"
#include "data/time_range.hpp"
#include "model/reading.hpp"

namespace croft::data {

enum class Order { oldest_first, newest_first };

// Holds a few rows of each device, in chunks that grow for devices that have much to say; at most
// about 16,000 rows in all. Between calls of next() it may pass from worker to worker; each row is
// read in the job that needs it, so a long scan sees what is written meanwhile.
class Scan {
 public:
  // Begins behind `after` when given. `expected` is how many readings the caller will take, which
  // bounds the first chunks.
  Scan(std::vector<DeviceId> devices, TimeRange range, Order order, std::optional<Position> after,
       std::size_t expected);

  struct Found {
    Position at;
    Reading reading;
  };
  // The next reading, nothing at the end. On a worker, with what belongs to its job; throws
  // db::Broken.
  std::optional<Found> next(ReadingStore&, NameLookup&);

  const std::vector<DeviceId>& devices() const { return ids_; }
  // Leaves out the devices that are not to be read any more. On the loop, between two jobs.
  void keep_only(const std::function<bool(const DeviceId&)>& wanted);

 private:
  struct Row {
    Place place;
    std::int64_t received_after_ms = 0;
    std::string values;
  };
  struct Stream {
    std::size_t device = 0;  // in ids_
    std::int64_t number = 0;
    std::vector<Row> rows;
    std::size_t at = 0;  // the next of `rows`
    Place last;          // where the next chunk begins
    std::size_t chunk = 1;
    bool drained = false;  // the store has no more
  };

  void open(ReadingStore&);
  Place start_of(std::int64_t number) const;
  void fill(ReadingStore&, Stream&);
  bool behind(std::size_t a, std::size_t b) const;
  void push(std::size_t stream);
  Found take(NameLookup&, Stream&);

  std::vector<DeviceId> ids_;
  std::vector<bool> wanted_;
  TimeRange range_;
  Order order_;
  std::optional<Position> after_;
  std::size_t expected_;
  bool opened_ = false;
  std::vector<Stream> streams_;
  std::vector<std::size_t> heap_;  // streams with a row, the next in order on top
};

// Fills `into` from a row; false when the row is damaged (then `into` has the values before the
// damage).
bool decode_reading(const StoredReading&, NameLookup&, Reading& into);

}  // namespace croft::data

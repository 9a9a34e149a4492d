// Folds readings into buckets while they stream by.
// SPDX-License-Identifier: Apache-2.0
#include "data/series.hpp"

#include <algorithm>
#include <limits>
#include <utility>

#include "base/json.hpp"
#include "data/reading_store.hpp"
#include "data/value_codec.hpp"

namespace croft::data {
namespace {

constexpr std::size_t kRowsOfJob = 20'000;  // some ten milliseconds of a worker's time

Milliseconds bucket_width(const TimeRange& range, std::size_t points) {
  const auto length = (range.to - range.from).count();
  const auto count = static_cast<std::int64_t>(points);
  return Milliseconds(std::max<std::int64_t>(1, (length + count - 1) / count));
}

// The one value asked for; the others are stepped over.
bool find_value(std::string_view values, std::uint32_t measurement, double& number) {
  ValueReader in(values);
  for (CodedValue value; in.next(value) && value.measurement <= measurement;) {
    number = value.number;
    if (value.measurement == measurement) return true;
  }
  return false;
}

// Reads rows behind `after` into `series`; false when there are no more.
bool read_some(ReadingStore& store, std::int64_t device, std::uint32_t measurement, Place& after,
               std::int64_t before_ms, SeriesBuilder& series) {
  std::size_t rows = 0;
  store.forward(device, after, before_ms, kRowsOfJob, [&](const StoredReading& row) {
    ++rows;
    after = {row.time_ms, row.key};
    double number = 0;
    if (find_value(row.values, measurement, number)) series.add(row.time_ms, number);
  });
  return rows == kRowsOfJob;
}

}  // namespace

SeriesBuilder::SeriesBuilder(TimeRange range, std::size_t points)
    : from_ms_(to_ms(range.from)), most_(points), width_(bucket_width(range, points)) {}

void SeriesBuilder::add(std::int64_t time_ms, double value) {
  const Point point{time_ms, value, value, value, 1};
  if (!folded_ && points_.size() < most_) {
    points_.push_back(point);
    return;
  }
  if (!folded_) fold();
  put(time_ms, point);
}

void SeriesBuilder::fold() {
  folded_ = true;
  const auto single = std::exchange(points_, {});
  for (const auto& point : single) put(point.time_ms, point);
}

void SeriesBuilder::put(std::int64_t time_ms, const Point& point) {
  const auto begin = from_ms_ + (time_ms - from_ms_) / width_.count() * width_.count();
  if (points_.empty() || points_.back().time_ms != begin) {
    points_.push_back(point);
    points_.back().time_ms = begin;
    return;
  }
  auto& bucket = points_.back();
  bucket.least = std::min(bucket.least, point.least);
  bucket.most = std::max(bucket.most, point.most);
  bucket.sum += point.sum;
  bucket.count += point.count;
}

Task<SeriesBuilder> read_series(db::Database& database, std::string device, std::string measurement,
                                TimeRange range, std::size_t points) {
  SeriesBuilder series(range, points);
  Place after{to_ms(range.from) - 1, std::numeric_limits<std::int64_t>::max()};
  for (bool more = true; more;) {
    more = co_await database.read([&](db::Connection& connection) {
      ReadingStore store(connection);
      const auto number = store.device_number(device);
      const auto id = store.measurement_id(measurement);
      if (number == 0 || id == 0) return false;
      return read_some(store, number, id, after, to_ms(range.to), series);
    });
  }
  co_return series;
}

std::string write_series(const SeriesBuilder& series, const TimeRange& range) {
  JsonWriter json;
  json.begin_object().key("points").begin_array();
  for (const auto& point : series.points()) {
    json.begin_array().value(instant_from_ms(point.time_ms));
    json.value(point.least).value(point.most);
    // A sum of huge values may overflow, and a mean may round past its extremes.
    const double mean = point.sum / static_cast<double>(point.count);
    json.value(std::clamp(mean, point.least, point.most)).end_array();
  }
  json.end_array().member("from", range.from).member("to", range.to);
  json.member("resolution", static_cast<double>(series.resolution().count()) / 1000);
  json.end_object();
  return std::move(json).str();
}

}  // namespace croft::data

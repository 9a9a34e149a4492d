// Folds readings into buckets while they stream by.
// SPDX-License-Identifier: Apache-2.0
#include "data/series.hpp"

#include <algorithm>
#include <limits>
#include <optional>
#include <utility>

#include "base/json.hpp"
#include "data/reading_store.hpp"
#include "data/rollup_store.hpp"
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

// A stretch of time: to be read, or an hour that is rolled up.
struct Piece {
  std::int64_t from_ms;
  std::int64_t before_ms;
  std::optional<Rolled> rolled;
};

struct Plan {
  std::int64_t device = 0;
  std::uint32_t measurement = 0;
  Grain grain = Grain::readings;
  std::vector<Piece> pieces;  // in the order of time

  void read(std::int64_t from_ms, std::int64_t before_ms) {
    if (from_ms >= before_ms) return;
    if (!pieces.empty() && !pieces.back().rolled && pieces.back().before_ms == from_ms)
      pieces.back().before_ms = before_ms;
    else
      pieces.push_back({from_ms, before_ms, std::nullopt});
  }
};

// The hours from <= hour < before are taken as they are rolled up, except where they are stale.
void use_hours(RollupStore& store, Plan& plan, std::int64_t from, std::int64_t before) {
  store.each(plan.device, from, before, [&](std::int64_t hour, std::string_view text, bool stale) {
    Rolled rolled;
    if (stale)
      plan.read(hour * kHourMs, (hour + 1) * kHourMs);
    else if (find_rolled(text, plan.measurement, rolled))
      plan.pieces.push_back({hour * kHourMs, (hour + 1) * kHourMs, rolled});
  });
}

std::int64_t readings_in(const Plan& plan) {
  std::int64_t count = 0;
  for (const auto& piece : plan.pieces) count += piece.rolled ? piece.rolled->count : 0;
  return count;
}

Plan make_plan(db::Connection& connection, const std::string& device,
               const std::string& measurement, const TimeRange& range, std::size_t points) {
  ReadingStore readings(connection);
  RollupStore hours(connection);
  Plan plan;
  plan.device = readings.device_number(device);
  plan.measurement = readings.measurement_id(measurement);
  if (plan.device == 0 || plan.measurement == 0) return plan;
  const auto from = to_ms(range.from), to = to_ms(range.to),
             kept_from = std::max(hours.kept_from_ms(), hours.kept_from_ms(plan.measurement));
  const auto first = hour_of(from + kHourMs - 1);
  auto before = std::min(hours.rolled(plan.device), hour_of(to));
  const bool coarse = bucket_width(range, points).count() >= kHourMs;
  if (!coarse) before = std::min(before, hour_of(kept_from));
  if (first < before) {
    plan.grain = Grain::hours;
    plan.read(from, first * kHourMs);
    use_hours(hours, plan, first, before);
    plan.read(before * kHourMs, to);
  }
  // Few readings are shown as they are.
  const bool few = from >= kept_from && readings_in(plan) <= static_cast<std::int64_t>(points);
  if (plan.grain == Grain::readings || few) {
    plan.grain = Grain::readings;
    plan.pieces.clear();
    plan.read(from, to);
  }
  return plan;
}

}  // namespace

SeriesBuilder::SeriesBuilder(TimeRange range, std::size_t points, Grain grain)
    : from_ms_(to_ms(range.from)), most_(points), grain_(grain), grid_ms_(from_ms_) {
  if (grain == Grain::hours) range.from = instant_from_ms(grid_ms_ = hour_of(from_ms_) * kHourMs);
  width_ = bucket_width(range, points);
  if (grain == Grain::hours)
    width_ = Milliseconds((width_.count() + kHourMs - 1) / kHourMs * kHourMs);
}

Milliseconds SeriesBuilder::resolution() const {
  if (folded_) return width_;
  return Milliseconds(grain_ == Grain::hours ? kHourMs : 0);
}

void SeriesBuilder::add(const Point& point) {
  if (!folded_ && points_.size() < most_) {
    points_.push_back(point);
    return;
  }
  if (!folded_) fold();
  put(point);
}

void SeriesBuilder::fold() {
  folded_ = true;
  const auto single = std::exchange(points_, {});
  for (const auto& point : single) put(point);
}

void SeriesBuilder::put(const Point& point) {
  const auto begin =
      std::max(from_ms_, grid_ms_ + (point.time_ms - grid_ms_) / width_.count() * width_.count());
  if (points_.empty() || points_.back().time_ms != begin) points_.push_back({{}, begin});
  points_.back().add(point);
}

Task<SeriesBuilder> read_series(db::Database& database, std::string device, std::string measurement,
                                TimeRange range, std::size_t points) {
  const Plan plan = co_await database.read([&](db::Connection& connection) {
    return make_plan(connection, device, measurement, range, points);
  });
  SeriesBuilder series(range, points, plan.grain);
  for (const auto& piece : plan.pieces) {
    if (piece.rolled) {
      series.add({*piece.rolled, piece.from_ms});
      continue;
    }
    Place after{piece.from_ms - 1, std::numeric_limits<std::int64_t>::max()};
    for (bool more = true; more;) {
      more = co_await database.read([&](db::Connection& connection) {
        ReadingStore store(connection);
        return read_some(store, plan.device, plan.measurement, after, piece.before_ms, series);
      });
    }
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

// A chart's worth of points: readings folded into buckets that keep the extremes.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/task.hpp"
#include "data/time_range.hpp"
#include "db/database.hpp"

namespace croft::data {

struct Point {
  std::int64_t time_ms = 0;  // where the bucket begins, or when the one reading was measured
  double least = 0;
  double most = 0;
  double sum = 0;
  std::int64_t count = 0;
};

// Takes values in the order of their times. As long as there are no more than `points` of them,
// each stays a point of its own; then the range is cut into `points` equal buckets.
class SeriesBuilder {
 public:
  SeriesBuilder(TimeRange range, std::size_t points);

  void add(std::int64_t time_ms, double value);
  const std::vector<Point>& points() const { return points_; }
  // The width of a bucket; 0 while each reading is a point of its own.
  Milliseconds resolution() const { return folded_ ? width_ : Milliseconds{0}; }

 private:
  void fold();
  void put(std::int64_t time_ms, const Point&);

  std::int64_t from_ms_;
  std::size_t most_;
  Milliseconds width_;
  bool folded_ = false;
  std::vector<Point> points_;
};

// One measurement of one device, read piece by piece so that other readers have their turn. On the
// loop; throws db::Broken.
Task<SeriesBuilder> read_series(db::Database&, std::string device, std::string measurement,
                                TimeRange range, std::size_t points);

// {"points":[[time,min,max,avg],...],"from","to","resolution"}; `resolution` in seconds.
std::string write_series(const SeriesBuilder&, const TimeRange&);

}  // namespace croft::data

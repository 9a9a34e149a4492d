// A chart's worth of points: readings folded into buckets that keep the extremes.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/task.hpp"
#include "data/rollup.hpp"
#include "data/time_range.hpp"
#include "db/database.hpp"

namespace croft::data {

struct Point : Rolled {
  std::int64_t time_ms = 0;  // where the bucket begins, or when the one reading was measured
};

// What a series is made of: single readings, or hours as well.
enum class Grain { readings, hours };

// Takes values in the order of their times. As long as there are no more than `points` of them,
// each stays a point of its own; then the range is cut into at most `points` equal buckets, with
// hours into whole ones.
class SeriesBuilder {
 public:
  SeriesBuilder(TimeRange range, std::size_t points, Grain = Grain::readings);

  void add(std::int64_t time_ms, double value) { add({{value, value, value, 1}, time_ms}); }
  void add(const Point&);
  const std::vector<Point>& points() const { return points_; }
  // The width of a bucket; 0 while each reading is a point of its own.
  Milliseconds resolution() const;

 private:
  void fold();
  void put(const Point&);

  std::int64_t from_ms_;
  std::size_t most_;
  Grain grain_;
  std::int64_t grid_ms_;  // where a bucket begins
  Milliseconds width_;
  bool folded_ = false;
  std::vector<Point> points_;
};

// One measurement of one device, read piece by piece so that other readers have their turn. Where a
// point stands for an hour or more, and where readings may be forgotten, it is made of hours that
// are rolled up, as far as there are such. On the loop; throws db::Broken.
Task<SeriesBuilder> read_series(db::Database&, std::string device, std::string measurement,
                                TimeRange range, std::size_t points);

// {"points":[[time,min,max,avg],...],"from","to","resolution"}; `resolution` in seconds.
std::string write_series(const SeriesBuilder&, const TimeRange&);

}  // namespace croft::data

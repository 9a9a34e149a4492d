// When a trigger would have fired: the judging of src/rules run over stored readings.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "data/names.hpp"
#include "data/time_range.hpp"
#include "db/database.hpp"
#include "model/reading.hpp"
#include "rules/machine.hpp"

namespace croft::data {

struct Firing {
  Instant fired{};
  std::optional<Instant> cleared;  // nothing: it would be firing still
  std::optional<double> value;     // that fired it
};

struct Preview {
  static constexpr std::size_t kMostFirings = 1000;
  static constexpr std::size_t kMostReadings = 5'000'000;

  std::vector<Firing> firings;  // oldest first
  std::size_t readings = 0;     // with the measurement, judged
  bool truncated = false;       // it ended early, at one of the bounds
  Instant to{};                 // how far it came
};

// Judges the device's readings of `range` in the order of their time, as if each had come at its
// time: what reached the server late counts here. Silence counts from the first reading. The store
// is read piece by piece on workers, so memory stays small and others get their turn. Throws
// db::Broken.
Task<Preview> read_preview(db::Database&, Names&, DeviceId, rules::Condition, TimeRange);

// {"firings":[{"fired","cleared","value"}],"readings","from","to","truncated"}
std::string write_preview(const Preview&, Instant from);

}  // namespace croft::data

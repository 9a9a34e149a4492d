// Folds an hour, and finds one measurement in it.
// SPDX-License-Identifier: Apache-2.0
#include "data/rollup.hpp"

#include <algorithm>
#include <vector>

#include "data/value_codec.hpp"

namespace croft::data {
namespace {

constexpr std::uint32_t kNumbers = 4;  // of each measurement

// An hour in which nothing moved: only what differs from it is written.
Rolled expect(std::int64_t count, double least) {
  return {least, least, least * static_cast<double>(count), count};
}

}  // namespace

std::int64_t hour_of(std::int64_t time_ms) {
  return time_ms / kHourMs - (time_ms % kHourMs < 0 ? 1 : 0);
}

void Rolled::add(double value) { add(Rolled{value, value, value, 1}); }

void Rolled::add(const Rolled& other) {
  least = count == 0 ? other.least : std::min(least, other.least);
  most = count == 0 ? other.most : std::max(most, other.most);
  sum += other.sum;
  count += other.count;
}

void HourBuilder::add(std::string_view values) {
  ValueReader in(values);
  for (CodedValue value; in.next(value);) measurements_[value.measurement].add(value.number);
}

std::string HourBuilder::encode() const {
  std::vector<CodedValue> numbers;
  for (const auto& [id, rolled] : measurements_) {
    const auto first = id * kNumbers;
    const auto expected = expect(rolled.count, rolled.least);
    if (rolled.count != 1) numbers.push_back({first, static_cast<double>(rolled.count)});
    numbers.push_back({first + 1, rolled.least});
    if (rolled.most != expected.most) numbers.push_back({first + 2, rolled.most});
    if (rolled.sum != expected.sum) numbers.push_back({first + 3, rolled.sum});
  }
  std::string text;
  encode_values(text, false, numbers);
  return text;
}

bool find_rolled(std::string_view hour, std::uint32_t measurement, Rolled& found) {
  ValueReader in(hour);
  const auto first = measurement * kNumbers;
  std::int64_t count = 1;
  bool there = false;
  for (CodedValue value; in.next(value) && value.measurement < first + kNumbers;) {
    if (value.measurement < first) continue;
    const auto which = value.measurement - first;
    if (which == 0) count = static_cast<std::int64_t>(value.number);
    if (which == 1) found = expect(count, value.number), there = true;
    if (which == 2) found.most = value.number;
    if (which == 3) found.sum = value.number;
  }
  return there && !in.damaged();
}

}  // namespace croft::data

// An hour of one device in a few bytes: what each measurement was at least, at most and in all.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

namespace croft::data {

constexpr std::int64_t kHourMs = 3'600'000;

// Hours are counted from 1970-01-01T00:00Z.
std::int64_t hour_of(std::int64_t time_ms);

struct Rolled {
  double least = 0;
  double most = 0;
  double sum = 0;
  std::int64_t count = 0;

  void add(double value);
  void add(const Rolled&);
  bool operator==(const Rolled&) const = default;
};

// Takes readings' values, as value_codec.hpp writes them, in any order.
class HourBuilder {
 public:
  void add(std::string_view values);
  // The text is one of value_codec.hpp, with up to four numbers for each measurement m: its count
  // under the id 4m unless that is 1, its least, its most unless that is the least, and its sum
  // unless that is the least times the count.
  std::string encode() const;

 private:
  std::map<std::uint32_t, Rolled> measurements_;
};

// What the hour has of one measurement; false when it has nothing.
bool find_rolled(std::string_view hour, std::uint32_t measurement, Rolled& found);

}  // namespace croft::data

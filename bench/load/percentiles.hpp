// Counts of durations in buckets of one part in 64, so that any percentile is known to 2 %.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <cstdio>
#include <string>

namespace croft::load {

// Microseconds up to a day. 25 kB, whatever is counted.
class Percentiles {
 public:
  void add(std::int64_t us) {
    const auto value = static_cast<std::uint64_t>(std::clamp<std::int64_t>(us, 0, kMost));
    ++counts_[index_of(value)];
    ++count_;
    most_ = std::max(most_, value);
  }
  std::uint64_t count() const { return count_; }

  // The value that this share (0 to 1) of all does not exceed.
  std::uint64_t at(double share) const {
    const auto wanted = static_cast<std::uint64_t>(share * static_cast<double>(count_));
    std::uint64_t seen = 0;
    for (std::size_t i = 0; i < counts_.size(); ++i) {
      seen += counts_[i];
      if (seen > wanted) return std::min(upper_end(i), most_);
    }
    return most_;
  }

  // {"p50":1.2,"p99":3.4,"p999":5.6,"max":7.8}, milliseconds.
  std::string json() const {
    char out[120];
    const auto ms = [](std::uint64_t us) { return static_cast<double>(us) / 1000; };
    std::snprintf(out, sizeof out, R"({"p50":%.2f,"p99":%.2f,"p999":%.2f,"max":%.2f})", ms(at(0.5)),
                  ms(at(0.99)), ms(at(0.999)), ms(most_));
    return out;
  }

 private:
  static constexpr std::int64_t kMost = 86'400'000'000;
  static constexpr unsigned kBits = 6;

  // Below 64 a bucket each; from there on 64 buckets for each doubling.
  static std::size_t index_of(std::uint64_t value) {
    if (value < (1U << kBits)) return static_cast<std::size_t>(value);
    const auto doubling = static_cast<unsigned>(std::bit_width(value)) - kBits - 1;
    return (static_cast<std::size_t>(doubling) << kBits) +
           static_cast<std::size_t>(value >> doubling);
  }
  static std::uint64_t upper_end(std::size_t index) {
    if (index < (2U << kBits)) return index;
    const auto doubling = (index >> kBits) - 1;
    return ((std::uint64_t{(1U << kBits) + (index & ((1U << kBits) - 1))} + 1) << doubling) - 1;
  }

  std::array<std::uint64_t, 3200> counts_{};
  std::uint64_t count_ = 0;
  std::uint64_t most_ = 0;
};

}  // namespace croft::load

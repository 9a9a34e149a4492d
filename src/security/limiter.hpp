// A bounded set of token buckets: how often one key may do something.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/clock.hpp"
#include "base/result.hpp"

namespace croft::security {

// A key may do `burst` things at once and one more every `refill`. On the loop. At most kMostKeys
// are remembered; full buckets are forgotten first, then all (an attacker with that many addresses
// is beyond what a limit by address can hold).
class Limiter {
 public:
  static constexpr std::size_t kMostKeys = 10'000;

  Limiter(const Clock& clock, double burst, Milliseconds refill)
      : clock_(clock), burst_(burst), refill_(refill) {}

  // Takes one; too_many with the seconds to wait when the bucket is empty.
  Result<> take(std::string_view key);
  // Whether take() would succeed.
  Result<> check(std::string_view key) const;
  void forgive(std::string_view key);

 private:
  struct Bucket {
    double left;
    Instant at;
  };
  double left(const Bucket&) const;
  void make_room();

  const Clock& clock_;
  double burst_;
  Milliseconds refill_;
  std::unordered_map<std::string, Bucket> buckets_;
};

}  // namespace croft::security

// How often somebody may do something, counted together by all that ask the same store.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

#include "base/clock.hpp"
#include "base/result.hpp"
#include "base/task.hpp"

namespace croft::limits {

// A token bucket for each key: `burst` times at once, and once more every `refill`.
struct Limit {
  std::string_view name;  // of letters and '_'; limits with different names do not know each other
  double burst = 1;
  Milliseconds refill{1000};
};

// One contract, one driver a file; the tests run against each. Errors: unavailable when the store
// does not answer; then the thing must not be done, for nobody knows how often it was.
class Store {
 public:
  virtual ~Store() = default;
  // Takes one; too_many with the seconds to wait when the bucket is empty.
  virtual Task<Result<>> take(const Limit&, std::string_view key) = 0;
  // Whether take() would succeed.
  virtual Task<Result<>> check(const Limit&, std::string_view key) = 0;
  // Fills the bucket again.
  virtual Task<Result<>> forgive(const Limit&, std::string_view key) = 0;
};

// What somebody is told whose bucket fills up to one in `wait`.
Error too_many(Milliseconds wait);

}  // namespace croft::limits

// Limits in this process: fast, and forgotten with it.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <string>
#include <unordered_map>

#include "limits/store.hpp"

namespace croft::limits {

// On the loop. At most kMostKeys of a limit are remembered; full buckets are forgotten first, then
// all (an attacker with that many addresses is beyond what a limit by address can hold).
class Memory final : public Store {
 public:
  static constexpr std::size_t kMostKeys = 10'000;

  explicit Memory(const Clock& clock) : clock_(clock) {}
  Task<Result<>> take(const Limit&, std::string_view key) override;
  Task<Result<>> check(const Limit&, std::string_view key) override;
  Task<Result<>> forgive(const Limit&, std::string_view key) override;

 private:
  struct Bucket {
    double left;
    Instant at;
  };
  using Buckets = std::unordered_map<std::string, Bucket>;

  Buckets& of(const Limit&);
  double left(const Limit&, const Bucket&) const;
  void make_room(const Limit&, Buckets&) const;

  const Clock& clock_;
  std::map<std::string, Buckets, std::less<>> limits_;  // by name
};

}  // namespace croft::limits

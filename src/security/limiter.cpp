// Counts in token buckets how often each key did something, and says when it may again.
// SPDX-License-Identifier: Apache-2.0
#include "security/limiter.hpp"

#include <algorithm>
#include <cmath>

namespace croft::security {
namespace {

Error empty_bucket(double missing, Milliseconds refill) {
  Error error = fail(Code::too_many, "too many attempts; wait a little");
  const double seconds = missing * static_cast<double>(refill.count()) / 1000;
  error.retry_after_seconds = std::max(1, static_cast<int>(std::ceil(seconds)));
  return error;
}

}  // namespace

double Limiter::left(const Bucket& bucket) const {
  const auto passed = static_cast<double>((clock_.now() - bucket.at).count());
  const auto refilled = std::max(0.0, passed) / static_cast<double>(refill_.count());
  return std::min(burst_, bucket.left + refilled);
}

Result<> Limiter::check(std::string_view key) const {
  const auto found = buckets_.find(std::string(key));
  if (found == buckets_.end()) return Result<>();
  const double have = left(found->second);
  if (have < 1) return empty_bucket(1 - have, refill_);
  return Result<>();
}

Result<> Limiter::take(std::string_view key) {
  if (auto allowed = check(key); !allowed) return allowed;
  if (buckets_.size() >= kMostKeys) make_room();
  auto [found, fresh] = buckets_.try_emplace(std::string(key), Bucket{burst_, clock_.now()});
  found->second = {left(found->second) - 1, clock_.now()};
  return Result<>();
}

void Limiter::forgive(std::string_view key) { buckets_.erase(std::string(key)); }

void Limiter::make_room() {
  std::erase_if(buckets_, [this](const auto& entry) { return left(entry.second) >= burst_; });
  if (buckets_.size() >= kMostKeys) buckets_.clear();
}

}  // namespace croft::security

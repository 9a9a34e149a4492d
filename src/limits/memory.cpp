// Token buckets in this process.
// SPDX-License-Identifier: Apache-2.0
#include "limits/memory.hpp"

#include <algorithm>
#include <cmath>

namespace croft::limits {

Error too_many(Milliseconds wait) {
  Error error = fail(Code::too_many, "too many attempts; wait a little");
  error.retry_after_seconds =
      static_cast<int>(std::max<std::int64_t>(1, (wait.count() + 999) / 1000));
  return error;
}

Memory::Buckets& Memory::of(const Limit& limit) {
  const auto found = limits_.find(limit.name);
  return found != limits_.end() ? found->second : limits_[std::string(limit.name)];
}

double Memory::left(const Limit& limit, const Bucket& bucket) const {
  const auto passed = static_cast<double>((clock_.now() - bucket.at).count());
  const auto refilled = std::max(0.0, passed) / static_cast<double>(limit.refill.count());
  return std::min(limit.burst, bucket.left + refilled);
}

Task<Result<>> Memory::check(const Limit& limit, std::string_view key) {
  auto& buckets = of(limit);
  const auto found = buckets.find(std::string(key));
  if (found == buckets.end()) co_return Result<>();
  const double have = left(limit, found->second);
  if (have >= 1) co_return Result<>();
  const double wait_ms = (1 - have) * static_cast<double>(limit.refill.count());
  co_return too_many(Milliseconds(static_cast<std::int64_t>(std::ceil(wait_ms))));
}

Task<Result<>> Memory::take(const Limit& limit, std::string_view key) {
  auto allowed = co_await check(limit, key);
  if (!allowed) co_return allowed;
  auto& buckets = of(limit);
  if (buckets.size() >= kMostKeys) make_room(limit, buckets);
  auto& bucket = buckets.try_emplace(std::string(key), limit.burst, clock_.now()).first->second;
  bucket = {left(limit, bucket) - 1, clock_.now()};
  co_return Result<>();
}

Task<Result<>> Memory::forgive(const Limit& limit, std::string_view key) {
  of(limit).erase(std::string(key));
  co_return Result<>();
}

void Memory::make_room(const Limit& limit, Buckets& buckets) const {
  std::erase_if(buckets, [&](const auto& one) { return left(limit, one.second) >= limit.burst; });
  if (buckets.size() >= kMostKeys) buckets.clear();
}

}  // namespace croft::limits

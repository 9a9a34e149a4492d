// Token buckets in Redis, each step one script.
// SPDX-License-Identifier: Apache-2.0
#include "limits/redis.hpp"

#include <algorithm>

namespace croft::limits {
namespace {

// Keys: the bucket. Arguments: burst, refill in milliseconds, how many to take (0 only looks).
// Answers 0, or the milliseconds until there is one.
constexpr std::string_view kCount = R"(
local burst, refill, take = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
local bucket = redis.call('HMGET', KEYS[1], 'left', 'at')
local left = burst
if bucket[1] and bucket[2] then
  local passed = math.max(0, now - tonumber(bucket[2]))
  left = math.min(burst, tonumber(bucket[1]) + passed / refill)
end
if left < 1 then return math.max(1, math.ceil((1 - left) * refill)) end
if take > 0 then
  left = left - take
  redis.call('HSET', KEYS[1], 'left', string.format('%.9f', left), 'at', string.format('%.0f', now))
  redis.call('PEXPIRE', KEYS[1], string.format('%.0f', math.ceil((burst - left) * refill)))
end
return 0)";

std::string key_of(const Limit& limit, std::string_view key) {
  return "croft:limit:" + std::string(limit.name) + ":" + std::string(key);
}

Error unavailable(const Error& why) {
  Error error = fail(Code::unavailable, "attempts cannot be counted now; try again in a moment");
  error.retry_after_seconds = std::max(1, why.retry_after_seconds);
  return error;
}

}  // namespace

Task<Result<>> Redis::count(const Limit& limit, std::string key, bool take) {
  std::vector<std::string> keys{std::move(key)};
  std::vector<std::string> arguments{std::to_string(limit.burst),
                                     std::to_string(limit.refill.count()), take ? "1" : "0"};
  const auto wait = co_await client_.run_script(kCount, std::move(keys), std::move(arguments));
  if (!wait) co_return unavailable(wait.error());
  if (wait->integer != 0) co_return too_many(Milliseconds(wait->integer));
  co_return Result<>();
}

Task<Result<>> Redis::take(const Limit& limit, std::string_view key) {
  return count(limit, key_of(limit, key), true);
}

Task<Result<>> Redis::check(const Limit& limit, std::string_view key) {
  return count(limit, key_of(limit, key), false);
}

Task<Result<>> Redis::forgive(const Limit& limit, std::string_view key) {
  redis::Command command{"DEL", key_of(limit, key)};
  const auto done = co_await client_.ask(std::move(command));
  if (!done) co_return unavailable(done.error());
  co_return Result<>();
}

}  // namespace croft::limits

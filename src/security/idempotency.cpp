// Remembers the answers to requests with an Idempotency-Key.
// SPDX-License-Identifier: Apache-2.0
#include "security/idempotency.hpp"

#include <utility>

#include "http/problem.hpp"
#include "security/digest.hpp"
#include "security/guard.hpp"

namespace croft::security {

http::Handler Idempotency::once(http::Handler handler) {
  return [this, handler = std::move(handler)](http::Request& request) -> Task<http::Response> {
    return answer(request, handler);
  };
}

void Idempotency::forget_old() {
  while (!order_.empty()) {
    const auto oldest = answers_.find(order_.front());
    const bool stale = oldest->second.at + std::chrono::hours(24) <= clock_.now();
    if (!stale && answers_.size() < kMostAnswers) return;
    answers_.erase(oldest);
    order_.pop_front();
  }
}

Task<http::Response> Idempotency::answer(http::Request& request, const http::Handler& handler) {
  const auto key = request.headers.get("idempotency-key");
  if (key.empty()) co_return co_await handler(request);
  if (key.size() > kLongestKey)
    co_return http::problem(invalid_field("Idempotency-Key", "must have at most 128 characters"));
  forget_old();
  const auto name = caller(request).user.str() + ' ' + request.path + ' ' + std::string(key);
  const auto hash = sha256_hex(request.body);
  if (const auto known = answers_.find(name); known != answers_.end()) {
    if (known->second.body_hash != hash)
      co_return http::problem(
          invalid_field("Idempotency-Key", "was used before with a different body"));
    if (!known->second.finished)
      co_return http::problem(fail(Code::conflict, "the first request is still under way"));
    co_return known->second.response;
  }
  answers_.emplace(name, Answer{hash, clock_.now(), false, {}});
  order_.push_back(name);
  http::Response response;
  std::exception_ptr failure;
  try {
    response = co_await handler(request);
  } catch (...) {
    failure = std::current_exception();
  }
  if (failure || response.status >= 500 || response.status == 429) {
    answers_.erase(name);
    order_.remove(name);
    if (failure) std::rethrow_exception(failure);
    co_return response;
  }
  if (const auto mine = answers_.find(name); mine != answers_.end()) {
    mine->second.finished = true;
    mine->second.response = response;
  }
  co_return response;
}

}  // namespace croft::security

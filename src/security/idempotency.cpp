// Remembers the answers to requests with an Idempotency-Key.
// SPDX-License-Identifier: Apache-2.0
#include "security/idempotency.hpp"

#include <algorithm>
#include <utility>

#include "http/problem.hpp"
#include "security/digest.hpp"
#include "security/guard.hpp"

namespace croft::security {
namespace {

constexpr std::size_t kLongestKey = 128;

}  // namespace

Result<std::string> idempotency_key(const http::Request& request) {
  const auto key = request.headers.get("idempotency-key");
  const bool visible = std::ranges::all_of(key, [](char c) { return c > ' ' && c < 0x7f; });
  if (key.size() > kLongestKey || !visible)
    return invalid_field("Idempotency-Key", "must be 1 to 128 visible ASCII characters");
  return std::string(key);
}

Error key_of_another_body() {
  return invalid_field("Idempotency-Key", "was used before with a different body");
}

Error key_under_way() { return fail(Code::conflict, "the first request is still under way"); }

http::Handler Idempotency::once(http::Handler handler) {
  return [this, handler = std::move(handler)](http::Request& request) -> Task<http::Response> {
    return answer(request, handler);
  };
}

void Idempotency::forget_old() {
  while (!order_.empty()) {
    const auto oldest = answers_.find(order_.front());
    const bool stale = oldest->second.at + kKeyKept <= clock_.now();
    if (!stale && answers_.size() < kMostAnswers) return;
    answers_.erase(oldest);
    order_.pop_front();
  }
}

Task<http::Response> Idempotency::answer(http::Request& request, const http::Handler& handler) {
  const auto key = idempotency_key(request);
  if (!key) co_return http::problem(key.error());
  if (key->empty()) co_return co_await handler(request);
  forget_old();
  const auto name = caller(request).user.str() + ' ' + request.path + ' ' + *key;
  const auto hash = sha256_hex(request.body);
  if (const auto known = answers_.find(name); known != answers_.end()) {
    if (known->second.body_hash != hash) co_return http::problem(key_of_another_body());
    if (!known->second.finished) co_return http::problem(key_under_way());
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
  if (failure || response.status >= 400) {
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

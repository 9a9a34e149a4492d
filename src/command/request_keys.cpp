// Answers requests whose Idempotency-Key is known, and lets the others make something with it.
// SPDX-License-Identifier: Apache-2.0
#include "command/request_keys.hpp"

#include <utility>

#include "http/problem.hpp"
#include "security/digest.hpp"
#include "security/guard.hpp"
#include "security/idempotency.hpp"

namespace croft::command {
namespace {

constexpr std::chrono::minutes kForgetEvery{1};
constexpr int kForgetAtOnce = 500;

}  // namespace

// Takes the entry out however its request ends.
class RequestKeys::UnderWay {
 public:
  UnderWay(RequestKeys& keys, std::string name) : keys_(keys), name_(std::move(name)) {}
  UnderWay(const UnderWay&) = delete;
  UnderWay& operator=(const UnderWay&) = delete;
  ~UnderWay() { keys_.under_way_.erase(name_); }

 private:
  RequestKeys& keys_;
  std::string name_;
};

http::Handler RequestKeys::once(Make make, Show show) {
  return [this, make = std::move(make), show = std::move(show)](http::Request& request) {
    return answer(request, make, show);
  };
}

Task<http::Response> RequestKeys::answer(http::Request& request, const Make& make,
                                         const Show& show) {
  const auto text = security::idempotency_key(request);
  if (!text) co_return http::problem(text.error());
  if (text->empty()) co_return co_await make(request, no_key);
  const RequestKey key{security::caller(request).user, request.path, *text,
                       security::sha256_hex(request.body)};
  const auto now = needs_.clock.now();
  const auto oldest = now - security::kKeyKept;
  auto look_up = [key, oldest](db::Connection& connection) {
    return request_keys::find(connection, key, oldest);
  };
  const auto noted = co_await needs_.database.read(look_up);
  if (noted && noted->body_hash != key.body_hash)
    co_return http::problem(security::key_of_another_body());
  if (noted) co_return co_await show(request, noted->made);

  const auto name = key.user.str() + ' ' + key.route + ' ' + key.key;
  const auto [first, mine] = under_way_.try_emplace(name, key.body_hash);
  if (!mine)
    co_return http::problem(first->second == key.body_hash ? security::key_under_way()
                                                           : security::key_of_another_body());
  const UnderWay under_way(*this, name);

  bool lost = false;  // to whoever was faster between our look and our note
  auto note = [key, now, oldest, &lost](db::Connection& connection, std::string_view made) {
    lost = !request_keys::add(connection, key, made, now, oldest);
    return !lost;
  };
  auto response = co_await make(request, note);
  if (lost) co_return http::problem(security::key_under_way());
  co_return response;
}

Task<void> RequestKeys::run() {
  for (;;) {
    co_await forget_old();
    co_await sleep_for(kForgetEvery);
  }
}

Task<void> RequestKeys::forget_old() {
  std::int64_t removed = kForgetAtOnce;
  while (removed == kForgetAtOnce) {
    auto erase = [oldest = needs_.clock.now() - security::kKeyKept](db::Connection& connection) {
      return request_keys::forget(connection, oldest, kForgetAtOnce);
    };
    removed = co_await needs_.database.write(erase);
  }
}

}  // namespace croft::command

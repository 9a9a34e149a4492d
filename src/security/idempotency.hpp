// Idempotency-Key: a POST that is sent twice acts once and gets the first answer again.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <list>
#include <string>
#include <unordered_map>

#include "base/clock.hpp"
#include "http/message.hpp"

namespace croft::security {

inline constexpr std::chrono::hours kKeyKept{24};

// The key a request carries, "" when it carries none. Errors: invalid.
Result<std::string> idempotency_key(const http::Request&);
// A key that comes again, and may not be answered.
Error key_of_another_body();
Error key_under_way();

// Remembers answers for a day, per user and route, in this process; bounded by count and size, the
// oldest go first. A key sent again with another body is a 422, one whose first request is still
// under way a 409. Failures are not remembered: trying again is right. What must hold beyond a
// crash is noted with what was made, by the service. On the loop.
class Idempotency {
 public:
  static constexpr std::size_t kMostAnswers = 4096;

  explicit Idempotency(const Clock& clock) : clock_(clock) {}
  // Wraps a guarded handler; requests without the header pass through.
  http::Handler once(http::Handler);

 private:
  struct Answer {
    std::string body_hash;
    Instant at;
    bool finished = false;
    http::Response response;
  };
  Task<http::Response> answer(http::Request&, const http::Handler&);
  void forget_old();

  const Clock& clock_;
  std::unordered_map<std::string, Answer> answers_;
  std::list<std::string> order_;  // oldest first
};

}  // namespace croft::security

// Passwords: argon2id on a small pool of its own, so that log-ins cannot eat the board's memory.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "base/task.hpp"

namespace croft::security {

// What is wrong with a password somebody chose, in words for them; nothing when it will do. Rules
// after OWASP ASVS 5: length counts, composition does not, the commonest are refused.
std::optional<std::string> weakness(std::string_view password, std::string_view username);

// Two hashes at once (19 MiB each), a bounded queue, then too_many: on a board with 1 GB the danger
// of argon2 is concurrency.
class Passwords {
 public:
  Passwords() : pool_(kAtOnce) {}
  ~Passwords() { pool_.join(); }

  // The PHC string to store. Errors: too_many.
  Task<Result<std::string>> hash(std::string password);
  // Errors: unauthenticated when it does not match, too_many.
  // Without `stored` (no such user) it takes as long and never matches.
  Task<Result<>> verify(std::string password, std::optional<std::string> stored);

  // For the command line, on the calling thread.
  static std::string hash_now(const std::string& password);

 private:
  static constexpr std::size_t kAtOnce = 2;
  static constexpr int kMostWaiting = 32;

  asio::thread_pool pool_;
  int waiting_ = 0;  // on the loop
};

}  // namespace croft::security

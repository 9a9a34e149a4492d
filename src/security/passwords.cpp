// argon2id by way of libsodium.
// SPDX-License-Identifier: Apache-2.0
#include "security/passwords.hpp"

#include <sodium.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <stdexcept>

namespace croft::security {
namespace {

constexpr unsigned long long kPasses = 2;
constexpr std::size_t kMemoryBytes = 19 * 1024 * 1024;

// The commonest passwords of eight characters and more; shorter ones are refused by length.
constexpr std::array<std::string_view, 40> kCommon = {
    "12345678",   "123456789", "1234567890", "password",  "password1", "password12", "password123",
    "qwertyuiop", "qwerty123", "iloveyou",   "sunshine",  "princess",  "football",   "baseball",
    "superman",   "starwars",  "trustno1",   "whatever",  "computer",  "jennifer",   "michelle",
    "corvette",   "11111111",  "00000000",   "87654321",  "88888888",  "1q2w3e4r",   "1qaz2wsx",
    "qazwsxedc",  "asdfghjkl", "abcd1234",   "abc12345",  "letmein1",  "welcome1",   "admin123",
    "changeme",   "passw0rd",  "raspberry",  "dragon123", "monkey123"};

std::string lower(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return out;
}

bool matches(const std::string& stored, const std::string& password) {
  return crypto_pwhash_str_verify(stored.c_str(), password.data(), password.size()) == 0;
}

// Something to verify against when there is no such user.
const std::string& nobody() {
  static const std::string hash = Passwords::hash_now("nobody has this password");
  return hash;
}

// Counts a job for as long as it lives, whatever happens to the coroutine.
class Place {
 public:
  explicit Place(int& count) : count_(count) { ++count_; }
  Place(const Place&) = delete;
  Place& operator=(const Place&) = delete;
  ~Place() { --count_; }

 private:
  int& count_;
};

Error busy() {
  Error error = fail(Code::too_many, "too many people are logging in at once; try again shortly");
  error.retry_after_seconds = 2;
  return error;
}

}  // namespace

std::optional<std::string> weakness(std::string_view password, std::string_view username) {
  if (password.size() < 8) return "must have at least 8 characters";
  if (password.size() > 256) return "must have at most 256 characters";
  const auto small = lower(password);
  if (std::find(kCommon.begin(), kCommon.end(), small) != kCommon.end())
    return "is one of the commonest passwords; choose another";
  if (small == lower(username)) return "must differ from the username";
  if (std::all_of(small.begin(), small.end(), [&](char c) { return c == small.front(); }))
    return "must not be one character repeated";
  return std::nullopt;
}

std::string Passwords::hash_now(const std::string& password) {
  std::array<char, crypto_pwhash_STRBYTES> text{};
  if (crypto_pwhash_str_alg(text.data(), password.data(), password.size(), kPasses, kMemoryBytes,
                            crypto_pwhash_ALG_ARGON2ID13) != 0)
    throw std::runtime_error("not enough memory to hash a password (19 MiB are needed)");
  return text.data();
}

Task<Result<std::string>> Passwords::hash(std::string password) {
  if (waiting_ >= kMostWaiting) co_return busy();
  const Place place(waiting_);
  auto work = [password = std::move(password)] { return hash_now(password); };
  auto text = co_await on_pool(pool_, std::move(work));
  co_return text;
}

Task<Result<>> Passwords::verify(std::string password, std::optional<std::string> stored) {
  if (waiting_ >= kMostWaiting) co_return busy();
  const Place place(waiting_);
  auto work = [password = std::move(password), stored = std::move(stored)] {
    return matches(stored ? *stored : nobody(), password) && stored;
  };
  const bool right = co_await on_pool(pool_, std::move(work));
  if (!right) co_return fail(Code::unauthenticated, "the username or the password is wrong");
  co_return Result<>();
}

}  // namespace croft::security

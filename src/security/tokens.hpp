// Access tokens: JWTs signed with Ed25519 by auth, verified everywhere with the public key.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/clock.hpp"
#include "base/result.hpp"
#include "model/principal.hpp"

namespace croft::security {

struct SigningKey {
  std::array<unsigned char, 32> public_key{};
  std::array<unsigned char, 64> secret_key{};

  static SigningKey generate();
  std::string public_hex() const;
  // Reads the key, or makes one (mode 0600). Throws std::runtime_error with one clear line when the
  // file is damaged or readable by others.
  static SigningKey load_or_make(const std::filesystem::path&);
};

// {"alg":"EdDSA","typ":"at+jwt"} with iss, sub (user), name, sid (session), role, iat, exp.
std::string sign_token(const SigningKey&, const Principal&, Instant issued);

// Checks signature, type, issuer and expiry. Accepts exactly the header that sign_token writes, so
// there is no algorithm to confuse. Verified tokens are remembered (bounded), because the check
// costs 100 µs. On the loop.
class Verifier {
 public:
  Verifier() = default;  // knows no key yet, and takes no token for good
  explicit Verifier(const std::array<unsigned char, 32>& public_key) : public_key_(public_key) {}
  // From now on tokens are checked with this key: 64 hexadecimal digits. False when it is no key.
  bool trust(std::string_view hex);
  bool has_key() const { return public_key_.has_value(); }
  // Nothing when the token is not ours, damaged or expired at `now`.
  std::optional<Principal> verify(std::string_view token, Instant now) const;

 private:
  static constexpr std::size_t kRemembered = 4096;
  std::optional<std::array<unsigned char, 32>> public_key_;
  mutable std::unordered_map<std::string, Principal> remembered_;
};

}  // namespace croft::security

// SHA-256 and base64url, from libsodium.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace croft::security {

// 64 lower-case hexadecimal digits. Right for secrets of 128 random bits and more, which nobody can
// guess however fast the hash; never for passwords.
std::string sha256_hex(std::string_view);
// The same of what comes in pieces.
class Sha256 {
 public:
  Sha256();
  ~Sha256();
  Sha256(const Sha256&) = delete;
  Sha256& operator=(const Sha256&) = delete;
  void add(std::string_view piece);
  std::string hex();  // once, at the end

 private:
  struct State;
  std::unique_ptr<State> state_;
};

std::string base64url(std::span<const unsigned char>);
std::string base64url(std::string_view);
// Nothing when the text is not unpadded base64url.
std::optional<std::vector<unsigned char>> from_base64url(std::string_view);

// Must be called once before anything of libsodium is used; calling again does no harm.
void prepare_crypto();

}  // namespace croft::security

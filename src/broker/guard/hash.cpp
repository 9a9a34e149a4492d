// Hashing with libsodium.
// SPDX-License-Identifier: Apache-2.0
#include "broker/guard/hash.hpp"

#include <sodium.h>

namespace croft::broker::guard {

Hash hash_of(std::string_view secret) {
  Hash hash{};
  crypto_hash_sha256(hash.data(), reinterpret_cast<const unsigned char*>(secret.data()),
                     secret.size());
  return hash;
}

std::optional<Hash> parse_hash(std::string_view hex) {
  Hash hash{};
  std::size_t size = 0;
  const char* end = nullptr;
  if (hex.size() != 2 * hash.size()) return std::nullopt;
  const int failed =
      sodium_hex2bin(hash.data(), hash.size(), hex.data(), hex.size(), nullptr, &size, &end);
  if (failed != 0 || size != hash.size() || end != hex.data() + hex.size()) return std::nullopt;
  return hash;
}

std::string to_hex(const Hash& hash) {
  char text[2 * sizeof(Hash) + 1];
  sodium_bin2hex(text, sizeof(text), hash.data(), hash.size());
  return std::string(text, sizeof(text) - 1);
}

bool same(const Hash& a, const Hash& b) { return sodium_memcmp(a.data(), b.data(), a.size()) == 0; }

}  // namespace croft::broker::guard

// SHA-256 of device secrets.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>

namespace croft::broker::guard {

// Secrets are at least 128 random bits, made by Croft and not chosen by people, so nobody guesses
// one however fast the hash is. A slow password hash would only let a thousand reconnecting nodes
// stop the broker.
using Hash = std::array<unsigned char, 32>;

Hash hash_of(std::string_view secret);
// From 64 hexadecimal digits; nothing when they are not.
std::optional<Hash> parse_hash(std::string_view hex);
std::string to_hex(const Hash& hash);
// Takes the same time wherever they differ.
bool same(const Hash& a, const Hash& b);

}  // namespace croft::broker::guard

// Makes ids and random tokens from the kernel's randomness.
// SPDX-License-Identifier: Apache-2.0
#include "base/ids.hpp"

#include <sys/random.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <cstdint>
#include <system_error>
#include <vector>

namespace croft {
namespace {

void fill_random(void* to, std::size_t size) {
  auto* at = static_cast<unsigned char*>(to);
  while (size > 0) {
    const auto got = ::getrandom(at, size, 0);
    if (got < 0) {
      if (errno == EINTR) continue;
      throw std::system_error(errno, std::generic_category(), "getrandom");
    }
    at += got;
    size -= static_cast<std::size_t>(got);
  }
}

}  // namespace

std::string new_id() {
  constexpr std::string_view kAlphabet = "0123456789abcdefghjkmnpqrstvwxyz";
  std::uint32_t low = 0;
  fill_random(&low, sizeof low);
  const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(
                      std::chrono::system_clock::now().time_since_epoch())
                      .count();
  auto high = static_cast<std::uint64_t>(ms) & 0xFFFF'FFFF'FFFFULL;  // 48 bits
  std::string id(16, '0');
  // 80 bits, five at a time, from the lowest up; in two words, as 32-bit processors have no wider.
  for (auto letter = id.rbegin(); letter != id.rend(); ++letter) {
    *letter = kAlphabet[low & 31];
    low = (low >> 5) | (static_cast<std::uint32_t>(high & 31) << 27);
    high >>= 5;
  }
  return id;
}

std::string random_token(std::size_t bytes) {
  constexpr std::string_view kAlphabet =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  std::vector<unsigned char> raw(bytes);
  fill_random(raw.data(), raw.size());
  std::string text;
  std::uint32_t held = 0;
  int held_bits = 0;
  for (const auto byte : raw) {
    held = (held << 8) | byte;
    for (held_bits += 8; held_bits >= 6; held_bits -= 6)
      text += kAlphabet[(held >> (held_bits - 6)) & 63];
  }
  if (held_bits > 0) text += kAlphabet[(held << (6 - held_bits)) & 63];
  return text;
}

}  // namespace croft

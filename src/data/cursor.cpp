// Cursors as base64url, damaged ones noticed.
// SPDX-License-Identifier: Apache-2.0
#include "data/cursor.hpp"

#include "data/reading_key.hpp"

namespace croft::data {
namespace {

constexpr char kVersion = 1;
constexpr std::size_t kBodyBytes = 1 + 3 * 8;
constexpr std::size_t kBytes =
    kBodyBytes + 5;  // a multiple of three: base64 without left-over bits
constexpr std::string_view kAlphabet =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

void put(std::string& out, std::uint64_t value, int bytes) {
  for (int i = bytes - 1; i >= 0; --i) out += static_cast<char>(value >> 8 * i);
}

std::uint64_t take(std::string_view& in, int bytes) {
  std::uint64_t value = 0;
  for (int i = 0; i < bytes; ++i) {
    value = value << 8 | static_cast<unsigned char>(in.front());
    in.remove_prefix(1);
  }
  return value;
}

// 40 bits; against accidents, not against malice: a made-up position shows nothing foreign.
std::uint64_t check_sum(std::string_view body) {
  return static_cast<std::uint64_t>(content_key(body)) >> 24;
}

std::string to_base64url(std::string_view bytes) {
  std::string text;
  while (!bytes.empty()) {
    const auto group = take(bytes, 3);
    for (int shift = 18; shift >= 0; shift -= 6) text += kAlphabet[group >> shift & 63];
  }
  return text;
}

// Of a text whose length is a multiple of four.
std::optional<std::string> from_base64url(std::string_view text) {
  std::string bytes;
  for (std::size_t at = 0; at < text.size(); at += 4) {
    std::uint64_t group = 0;
    for (const char c : text.substr(at, 4)) {
      const auto digit = kAlphabet.find(c);
      if (digit == std::string_view::npos) return std::nullopt;
      group = group << 6 | digit;
    }
    put(bytes, group, 3);
  }
  return bytes;
}

}  // namespace

std::string write_cursor(const Position& at) {
  std::string bytes(1, kVersion);
  put(bytes, static_cast<std::uint64_t>(at.time_ms), 8);
  put(bytes, static_cast<std::uint64_t>(at.device), 8);
  put(bytes, static_cast<std::uint64_t>(at.key), 8);
  put(bytes, check_sum(bytes), 5);
  return to_base64url(bytes);
}

std::optional<Position> read_cursor(std::string_view text) {
  if (text.size() != kBytes / 3 * 4) return std::nullopt;
  const auto bytes = from_base64url(text);
  if (!bytes || bytes->front() != kVersion) return std::nullopt;
  std::string_view rest = *bytes;
  const auto body = rest.substr(0, kBodyBytes);
  rest.remove_prefix(1);
  Position at;
  at.time_ms = static_cast<std::int64_t>(take(rest, 8));
  at.device = static_cast<std::int64_t>(take(rest, 8));
  at.key = static_cast<std::int64_t>(take(rest, 8));
  if (take(rest, 5) != check_sum(body)) return std::nullopt;
  return at;
}

}  // namespace croft::data

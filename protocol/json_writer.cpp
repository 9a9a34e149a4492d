// The JSON writer: bounded, without locale, without a heap.
// SPDX-License-Identifier: Apache-2.0
#include "protocol/json_writer.hpp"

#include <charconv>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace croft::protocol {

void JsonWriter::raw(std::string_view json) {
  if (!ok_ || json.size() > static_cast<std::size_t>(end_ - begin_) - size_) {
    ok_ = false;
    return;
  }
  if (!json.empty()) std::memcpy(begin_ + size_, json.data(), json.size());
  size_ += json.size();
}

void JsonWriter::string(std::string_view text) {
  constexpr char kHex[] = "0123456789abcdef";
  raw("\"");
  for (char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      const char escaped[] = {'\\', c};
      raw({escaped, 2});
    } else if (byte < 0x20) {
      const char escaped[] = {'\\', 'u', '0', '0', kHex[byte >> 4], kHex[byte & 15]};
      raw({escaped, 6});
    } else {
      raw({&c, 1});
    }
  }
  raw("\"");
}

void JsonWriter::integer(std::int64_t value) {
  char digits[24];
  const auto result = std::to_chars(digits, digits + sizeof digits, value);
  raw({digits, static_cast<std::size_t>(result.ptr - digits)});
}

void JsonWriter::number(double value) {
  constexpr double kExactIntegers = 9007199254740992;  // 2^53
  if (!std::isfinite(value)) {
    ok_ = false;
    return;
  }
  if (std::fabs(value) < kExactIntegers && value == std::floor(value)) {
    integer(static_cast<std::int64_t>(value));
    return;
  }
  char digits[32];
#if defined(__cpp_lib_to_chars)
  const double size = std::fabs(value);
  const bool plain = size >= 1e-5 && size < 1e16;
  const auto format = plain ? std::chars_format::fixed : std::chars_format::scientific;
  const auto result = std::to_chars(digits, digits + sizeof digits, value, format);
  raw({digits, static_cast<std::size_t>(result.ptr - digits)});
#else
  raw({digits, write_shortest_by_trial(value, digits)});
#endif
}

std::size_t write_shortest_by_trial(double value, char (&buffer)[32]) {
  int size = 0;
  for (int digits = 6; digits <= 17; ++digits) {
    size = std::snprintf(buffer, sizeof buffer, "%.*g", digits, value);
    if (std::strtod(buffer, nullptr) == value) break;
  }
  return static_cast<std::size_t>(size);
}

}  // namespace croft::protocol

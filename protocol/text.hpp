// Short text in a fixed buffer, and the grammars of the protocol's names.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <cstring>
#include <string_view>

#include "protocol/limits.hpp"

namespace croft::protocol {

/// Up to N bytes of text, kept inside the object. N is at most 255.
template <std::size_t N>
class Text {
  static_assert(N <= 255, "the size is kept in one byte");

 public:
  Text() = default;
  Text(std::string_view text) { assign(text); }  // NOLINT: a Text is made from text, like a string

  /// Keeps the first N bytes; false when some were cut off.
  bool assign(std::string_view text) {
    const std::size_t kept = text.size() < N ? text.size() : N;
    if (kept > 0) std::memcpy(bytes_, text.data(), kept);
    size_ = static_cast<std::uint8_t>(kept);
    return kept == text.size();
  }
  std::string_view view() const { return {bytes_, size_}; }
  bool empty() const { return size_ == 0; }
  friend bool operator==(const Text& a, std::string_view b) { return a.view() == b; }

 private:
  char bytes_[N] = {};
  std::uint8_t size_ = 0;
};

constexpr bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
constexpr bool is_digit(char c) { return c >= '0' && c <= '9'; }

/// A measurement's or actuator's name: `[A-Za-z][A-Za-z0-9_.-]{0,63}`.
constexpr bool is_name(std::string_view text) {
  if (text.empty() || text.size() > kMaxNameBytes || !is_letter(text[0])) return false;
  for (char c : text) {
    if (!is_letter(c) && !is_digit(c) && c != '_' && c != '.' && c != '-') return false;
  }
  return true;
}

/// A device id: 1 to 64 of `[A-Za-z0-9_-]`, safe inside a topic and a file name.
constexpr bool is_device_id(std::string_view text) {
  if (text.empty() || text.size() > kMaxDeviceIdBytes) return false;
  for (char c : text) {
    if (!is_letter(c) && !is_digit(c) && c != '_' && c != '-') return false;
  }
  return true;
}

/// A command's id: 1 to 64 visible ASCII characters but quotes and backslash.
constexpr bool is_command_id(std::string_view text) {
  if (text.empty() || text.size() > kMaxCommandIdBytes) return false;
  for (char c : text) {
    if (c <= ' ' || c >= 0x7f || c == '"' || c == '\\') return false;
  }
  return true;
}

/// A firmware's version or the name of a board: 1 to 32 of `[A-Za-z0-9._+-]`.
constexpr bool is_firmware_word(std::string_view text) {
  if (text.empty() || text.size() > kMaxFirmwareWordBytes) return false;
  for (char c : text) {
    if (!is_letter(c) && !is_digit(c) && c != '.' && c != '_' && c != '+' && c != '-') return false;
  }
  return true;
}

/// Lower-case hexadecimal digits, `digits` of them.
constexpr bool is_hex(std::string_view text, std::size_t digits) {
  if (text.size() != digits) return false;
  for (char c : text) {
    if (!is_digit(c) && (c < 'a' || c > 'f')) return false;
  }
  return true;
}

}  // namespace croft::protocol

// The JSON scanner's strings and values; numbers are in json_number.cpp.
// SPDX-License-Identifier: Apache-2.0
#include "protocol/json_cursor.hpp"

#include <cstring>

namespace croft::protocol {
namespace {

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

// Four hex digits at `at`, or -1.
std::int32_t read_hex4(const char* at, const char* end) {
  if (end - at < 4) return -1;
  std::int32_t unit = 0;
  for (int i = 0; i < 4; ++i) {
    const int digit = hex_digit(at[i]);
    if (digit < 0) return -1;
    unit = unit * 16 + digit;
  }
  return unit;
}

// One character as UTF-8; returns its size.
std::size_t to_utf8(std::int32_t point, char (&out)[4]) {
  const auto byte = [](std::int32_t bits) { return static_cast<char>(bits); };
  const auto tail = [&](int shift) { return byte(0x80 | ((point >> shift) & 0x3f)); };
  if (point < 0x80) {
    out[0] = byte(point);
    return 1;
  }
  if (point < 0x800) {
    out[0] = byte(0xc0 | (point >> 6));
    out[1] = tail(0);
    return 2;
  }
  if (point < 0x10000) {
    out[0] = byte(0xe0 | (point >> 12));
    out[1] = tail(6);
    out[2] = tail(0);
    return 3;
  }
  out[0] = byte(0xf0 | (point >> 18));
  out[1] = tail(12);
  out[2] = tail(6);
  out[3] = tail(0);
  return 4;
}

// The escape after a backslash; `at` moves past it. -1 when invalid (a lone surrogate too).
std::int32_t read_escape(const char*& at, const char* end) {
  if (at == end) return -1;
  switch (*at++) {
    case '"':
      return '"';
    case '\\':
      return '\\';
    case '/':
      return '/';
    case 'b':
      return '\b';
    case 'f':
      return '\f';
    case 'n':
      return '\n';
    case 'r':
      return '\r';
    case 't':
      return '\t';
    case 'u':
      break;
    default:
      return -1;
  }
  const std::int32_t unit = read_hex4(at, end);
  if (unit < 0 || (unit >= 0xdc00 && unit < 0xe000)) return -1;
  at += 4;
  if (unit < 0xd800 || unit >= 0xe000) return unit;
  if (end - at < 6 || at[0] != '\\' || at[1] != 'u') return -1;
  const std::int32_t low = read_hex4(at + 2, end);
  if (low < 0xdc00 || low >= 0xe000) return -1;
  at += 6;
  return 0x10000 + ((unit - 0xd800) << 10) + (low - 0xdc00);
}

// Collects decoded text until it no longer fits.
struct Collector {
  char* buffer;
  std::size_t capacity;
  std::size_t size = 0;
  bool truncated = false;

  void add(const char* bytes, std::size_t count) {
    if (truncated || count > capacity - size) {
      truncated = true;
      return;
    }
    if (count > 0) std::memcpy(buffer + size, bytes, count);
    size += count;
  }
};

}  // namespace

bool JsonCursor::take_word(std::string_view word) {
  if (static_cast<std::size_t>(end_ - at_) < word.size()) return false;
  if (std::memcmp(at_, word.data(), word.size()) != 0) return false;
  at_ += word.size();
  return true;
}

// One character of two to four bytes; overlong forms, surrogates and more than U+10FFFF are
// refused.
bool JsonCursor::skip_utf8() {
  const auto lead = static_cast<unsigned char>(*at_);
  const int size = lead >= 0xc2 && lead < 0xe0   ? 2
                   : lead >= 0xe0 && lead < 0xf0 ? 3
                   : lead >= 0xf0 && lead < 0xf5 ? 4
                                                 : 0;
  if (size == 0 || end_ - at_ < size) return false;
  for (int i = 1; i < size; ++i) {
    if ((static_cast<unsigned char>(at_[i]) & 0xc0) != 0x80) return false;
  }
  const auto second = static_cast<unsigned char>(at_[1]);
  if ((lead == 0xe0 && second < 0xa0) || (lead == 0xed && second > 0x9f) ||
      (lead == 0xf0 && second < 0x90) || (lead == 0xf4 && second > 0x8f)) {
    return false;
  }
  at_ += size;
  return true;
}

JsonString JsonCursor::read_string(char* scratch, std::size_t capacity) {
  JsonString out;
  if (at_ == end_ || *at_ != '"') return out;
  const char* start = ++at_;
  bool escaped = false;
  Collector text{scratch, capacity};
  while (at_ != end_ && *at_ != '"') {
    const char* piece = at_;
    if (*at_ == '\\') {
      if (!escaped) text.add(start, static_cast<std::size_t>(at_ - start));
      escaped = true;
      const std::int32_t point = read_escape(++at_, end_);
      if (point < 0) return out;
      char bytes[4];
      text.add(bytes, to_utf8(point, bytes));
      continue;
    }
    if (static_cast<unsigned char>(*at_) < 0x20) return out;
    if (static_cast<unsigned char>(*at_) < 0x80) {
      ++at_;
    } else if (!skip_utf8()) {
      return out;
    }
    if (escaped) text.add(piece, static_cast<std::size_t>(at_ - piece));
  }
  if (at_ == end_) return out;
  out.text = escaped ? std::string_view(scratch, text.size)
                     : std::string_view(start, static_cast<std::size_t>(at_ - start));
  out.truncated = text.truncated;
  out.ok = true;
  ++at_;
  return out;
}

bool JsonCursor::skip_scalar() {
  if (peek() == '"') return read_string(nullptr, 0).ok;
  if (take_word("true") || take_word("false") || take_word("null")) return true;
  return read_number().state != JsonNumber::State::malformed;
}

bool JsonCursor::skip_value() {
  constexpr int kMaxDepth = 16;
  bool object[kMaxDepth];
  int depth = 0;
  for (;;) {
    // A value is due here (in an object: a member).
    if (depth > 0 && object[depth - 1]) {
      peek();
      if (!read_string(nullptr, 0).ok || !take(':')) return false;
    }
    const char opener = peek();
    if (opener == '{' || opener == '[') {
      if (depth == kMaxDepth) return false;
      ++at_;
      object[depth] = opener == '{';
      if (!take(opener == '{' ? '}' : ']')) {
        ++depth;
        continue;
      }
    } else if (!skip_scalar()) {
      return false;
    }
    while (depth > 0 && !take(',')) {
      if (!take(object[depth - 1] ? '}' : ']')) return false;
      --depth;
      if (depth == 0) return true;
    }
    if (depth == 0) return true;
  }
}

}  // namespace croft::protocol

// Percent-decoding of queries and paths, strict about everything that two readers could read apart.
// SPDX-License-Identifier: Apache-2.0
#include <cstdint>

#include "http/message.hpp"

namespace croft::http {
namespace {

constexpr std::size_t kMostParameters = 64;

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

// The length of the UTF-8 character at the start of `text`; 0 when there is none.
std::size_t utf8_length(std::string_view text) {
  const auto at = [&](std::size_t i) { return static_cast<std::uint8_t>(text[i]); };
  const auto follows = [&](std::size_t i) { return i < text.size() && (at(i) & 0xC0) == 0x80; };
  const std::uint8_t first = at(0);
  if (first < 0x80) return 1;
  if (first >= 0xC2 && first <= 0xDF) return follows(1) ? 2 : 0;
  if (first >= 0xE0 && first <= 0xEF) {
    if (!follows(1) || !follows(2)) return 0;
    const bool overlong = first == 0xE0 && at(1) < 0xA0;
    const bool surrogate = first == 0xED && at(1) > 0x9F;
    return overlong || surrogate ? 0 : 3;
  }
  if (first >= 0xF0 && first <= 0xF4) {
    if (!follows(1) || !follows(2) || !follows(3)) return 0;
    const bool overlong = first == 0xF0 && at(1) < 0x90;
    const bool beyond = first == 0xF4 && at(1) > 0x8F;
    return overlong || beyond ? 0 : 4;
  }
  return 0;
}

bool is_utf8(std::string_view text) {
  while (!text.empty()) {
    const auto length = utf8_length(text);
    if (length == 0) return false;
    text.remove_prefix(length);
  }
  return true;
}

// Appends the decoded text; false when malformed, not UTF-8 or with NUL.
bool decode(std::string_view raw, bool plus_is_space, std::string& out) {
  const auto start = out.size();
  for (std::size_t i = 0; i < raw.size(); ++i) {
    char c = raw[i];
    if (c == '%') {
      if (raw.size() - i < 3) return false;
      const int high = hex_digit(raw[i + 1]);
      const int low = hex_digit(raw[i + 2]);
      if (high < 0 || low < 0) return false;
      c = static_cast<char>(high * 16 + low);
      i += 2;
    } else if (c == '+' && plus_is_space) {
      c = ' ';
    }
    if (c == '\0') return false;
    out += c;
  }
  return is_utf8(std::string_view(out).substr(start));
}

bool append_segment(std::string_view raw, std::string& out) {
  const auto start = out.size();
  if (!decode(raw, false, out)) return false;
  const auto segment = std::string_view(out).substr(start);
  return segment.find('/') == std::string_view::npos && segment != "." && segment != "..";
}

}  // namespace

Result<Query> parse_query(std::string_view raw) {
  Query query;
  std::size_t count = 0;
  while (!raw.empty()) {
    const auto end = raw.find('&');
    const auto pair = raw.substr(0, end);
    raw = end == std::string_view::npos ? std::string_view() : raw.substr(end + 1);
    if (pair.empty()) continue;
    if (++count > kMostParameters)
      return fail(Code::malformed, "the query has more than 64 parameters");

    const auto equals = pair.find('=');
    std::string name;
    std::string value;
    const bool readable =
        decode(pair.substr(0, equals), true, name) &&
        (equals == std::string_view::npos || decode(pair.substr(equals + 1), true, value));
    if (!readable)
      return fail(Code::malformed, "the query is not percent-encoded UTF-8 (a '%' is sent as %25)");
    if (name.empty()) return fail(Code::malformed, "the query has a value without a name");
    const auto [known, fresh] = query.values.try_emplace(std::move(name), std::move(value));
    if (!fresh && !query.repeated) query.repeated = known->first;
  }
  return query;
}

std::optional<std::string> decode_segment(std::string_view raw) {
  std::string out;
  if (!append_segment(raw, out)) return std::nullopt;
  return out;
}

std::optional<std::string> decode_path(std::string_view raw) {
  if (raw.empty() || raw.front() != '/') return std::nullopt;
  std::string path;
  path.reserve(raw.size());
  for (raw.remove_prefix(1);;) {
    const auto end = raw.find('/');
    const bool last = end == std::string_view::npos;
    path += '/';
    if (!append_segment(raw.substr(0, end), path)) return std::nullopt;
    if (last) return path;
    if (end == 0) return std::nullopt;
    raw.remove_prefix(end + 1);
  }
}

}  // namespace croft::http

// Reads where Redis is out of redis://[user[:password]@]host[:port][/database].
// SPDX-License-Identifier: Apache-2.0
#include <charconv>
#include <optional>

#include "redis/client.hpp"

namespace croft::redis {
namespace {

constexpr std::string_view kScheme = "redis://";

// "%40" is "@"; nothing when a "%" is followed by anything else than two hexadecimal digits.
std::optional<std::string> decoded(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      out += text[i];
      continue;
    }
    unsigned char byte = 0;
    const auto* from = text.data() + i + 1;
    if (i + 2 >= text.size() || std::from_chars(from, from + 2, byte, 16).ptr != from + 2)
      return std::nullopt;
    out += static_cast<char>(byte);
    i += 2;
  }
  return out;
}

template <class Number>
bool read_number(std::string_view text, Number& number) {
  const auto* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, number);
  return error == std::errc() && stop == end;
}

Error mistake(std::string what) {
  return fail(Code::invalid,
              std::move(what) + "; it must be redis://[user:password@]host[:port][/database]");
}

bool read_user(std::string_view text, Options& options) {
  const auto colon = text.find(':');
  if (colon == std::string_view::npos) return false;
  const auto user = decoded(text.substr(0, colon));
  const auto password = decoded(text.substr(colon + 1));
  if (!user || !password || password->empty()) return false;
  options.username = *user;
  options.password = *password;
  return true;
}

bool read_place(std::string_view text, Options& options) {
  auto host = text;
  const auto bracket = text.rfind(']');
  const auto colon = text.rfind(':');
  if (colon != std::string_view::npos && (bracket == std::string_view::npos || colon > bracket)) {
    if (!read_number(text.substr(colon + 1), options.port) || options.port == 0) return false;
    host = text.substr(0, colon);
  }
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  options.host = std::string(host);
  return !host.empty();
}

}  // namespace

Result<Options> parse_url(std::string_view url) {
  if (url.starts_with("rediss://"))
    return fail(
        Code::invalid,
        "has rediss://, and Redis over TLS is not part of this version; use redis:// over a "
        "network that nobody else can read");
  if (!url.starts_with(kScheme)) return mistake("does not start with redis://");
  auto rest = url.substr(kScheme.size());
  Options options;
  if (const auto slash = rest.rfind('/'); slash != std::string_view::npos) {
    const auto database = rest.substr(slash + 1);
    if (!database.empty() && (!read_number(database, options.database) || options.database < 0))
      return mistake("names no database by a number");
    rest = rest.substr(0, slash);
  }
  if (const auto at = rest.rfind('@'); at != std::string_view::npos) {
    if (!read_user(rest.substr(0, at), options))
      return mistake("has a user and password that cannot be read (\"@\" in them is %40)");
    rest = rest.substr(at + 1);
  }
  if (!read_place(rest, options)) return mistake("names no host and port");
  return options;
}

std::string mask_url(std::string_view url) {
  const auto at = url.rfind('@');
  const auto from = url.find("://");
  if (at == std::string_view::npos || from == std::string_view::npos) return std::string(url);
  const auto colon = url.find(':', from + 3);
  if (colon == std::string_view::npos || colon > at) return std::string(url);
  return std::string(url.substr(0, colon + 1)) + "********" + std::string(url.substr(at));
}

}  // namespace croft::redis

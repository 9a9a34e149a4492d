// How the text of a setting becomes a value and back: one pair of functions for each kind.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <charconv>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "app/config.hpp"
#include "mail/address.hpp"
#include "protocol/text.hpp"
#include "redis/client.hpp"

namespace croft::app::kinds {

// Sets a member of the configuration; "" or what is wrong, to stand behind the key.
using Set = std::function<std::string(Config&, const std::string&)>;
using Get = std::function<std::string(const Config&)>;

// A text without further rules.
template <class Where>
Set text(Where where) {
  return [where](Config& config, const std::string& value) {
    where(config) = value;
    return std::string();
  };
}

template <class Where>
Get shown(Where where) {
  return [where](const Config& config) { return std::string(where(const_cast<Config&>(config))); };
}

template <class Where>
Set one_of(Where where, std::vector<std::string> words) {
  return [where, words](Config& config, const std::string& value) {
    if (std::find(words.begin(), words.end(), value) != words.end()) {
      where(config) = value;
      return std::string();
    }
    std::string expected = "must be one of";
    for (const auto& word : words) expected += " " + word;
    return expected;
  };
}

template <class Where>
Set duration(Where where, Seconds least, Seconds most) {
  return [where, least, most](Config& config, const std::string& value) {
    const auto parsed = parse_duration(value);
    if (!parsed || *parsed < least || *parsed > most)
      return "must be a duration from " + format_duration(least) + " to " + format_duration(most) +
             ", such as 30s, 10m, 12h or 7d";
    where(config) = *parsed;
    return std::string();
  };
}

template <class Where>
Get shown_duration(Where where) {
  return
      [where](const Config& config) { return format_duration(where(const_cast<Config&>(config))); };
}

// "127.0.0.1:8080", "[::1]:8080"; port 0 picks a free one.
inline std::string check_address(const std::string& value) {
  const auto colon = value.rfind(':');
  int port = -1;
  if (colon != std::string::npos && colon > 0) {
    const auto* end = value.data() + value.size();
    const auto [stop, error] = std::from_chars(value.data() + colon + 1, end, port);
    if (error != std::errc() || stop != end) port = -1;
  }
  if (port < 0 || port > 65535)
    return "must be an address and a port such as 0.0.0.0:8080 (port 0 picks a free one)";
  return "";
}

template <class Where>
Set address(Where where) {
  return [where](Config& config, const std::string& value) {
    auto wrong = check_address(value);
    if (wrong.empty()) where(config) = value;
    return wrong;
  };
}

template <class Where>
Set address_or_none(Where where) {
  return [where](Config& config, const std::string& value) {
    auto wrong = value.empty() ? "" : check_address(value);
    if (wrong.empty()) where(config) = value;
    return wrong;
  };
}

template <class Where>
Set url(Where where, std::vector<std::string> schemes, std::string expected,
        bool may_be_empty = true) {
  return [where, schemes, expected, may_be_empty](Config& config, const std::string& value) {
    const bool known = std::any_of(schemes.begin(), schemes.end(),
                                   [&](const auto& scheme) { return value.starts_with(scheme); });
    if (!known && !(may_be_empty && value.empty())) return expected;
    where(config) = value;
    return std::string();
  };
}

template <class Where>
Set mail_server(Where where) {
  return [where](Config& config, const std::string& value) {
    if (!value.empty())
      if (const auto server = mail::parse_server(value); !server) return server.error().message;
    where(config) = value;
    return std::string();
  };
}

template <class Where>
Set session_store(Where where) {
  return [where](Config& config, const std::string& value) {
    if (value != "memory:" && !value.starts_with("redis"))
      return std::string("must be memory: or redis://[user:password@]host[:port][/database]");
    if (value != "memory:")
      if (const auto options = redis::parse_url(value); !options) return options.error().message;
    where(config) = value;
    return std::string();
  };
}

template <class Where>
Set mailbox(Where where) {
  return [where](Config& config, const std::string& value) {
    if (!value.empty() && !mail::parse_mailbox(value))
      return std::string("must be an address such as croft@example.org");
    where(config) = value;
    return std::string();
  };
}

template <class Where>
Set whole(Where where, int least, int most) {
  return [where, least, most](Config& config, const std::string& value) {
    int number = 0;
    const auto* end = value.data() + value.size();
    const auto [stop, error] = std::from_chars(value.data(), end, number);
    if (error != std::errc() || stop != end || number < least || number > most)
      return "must be a number from " + std::to_string(least) + " to " + std::to_string(most);
    where(config) = number;
    return std::string();
  };
}

template <class Where>
Get shown_whole(Where where) {
  return
      [where](const Config& config) { return std::to_string(where(const_cast<Config&>(config))); };
}

// "20GB", "500MB"; "0" is none. The units are powers of ten, as on the box of a disk.
constexpr std::int64_t kMega = 1'000'000;

template <class Where>
Set size(Where where, std::int64_t least) {
  return [where, least](Config& config, const std::string& value) {
    std::int64_t number = -1;
    const auto* end = value.data() + value.size();
    const auto [stop, error] = std::from_chars(value.data(), end, number);
    const std::string_view unit(stop, static_cast<std::size_t>(end - stop));
    const auto scale = unit == "GB" ? 1000 * kMega : unit == "MB" ? kMega : 0;
    const bool none = value == "0";
    if (!none &&
        (error != std::errc() || scale == 0 || number > 1'000'000 || number * scale < least))
      return "must be a size of at least " + std::to_string(least / kMega) +
             "MB, such as 500MB or 20GB, or 0";
    where(config) = none ? 0 : number * scale;
    return std::string();
  };
}

template <class Where>
Get shown_size(Where where) {
  return [where](const Config& config) {
    const auto bytes = where(const_cast<Config&>(config));
    return bytes == 0 ? std::string("0") : std::to_string(bytes / kMega) + "MB";
  };
}

// "postgresql://user:********@host/name", whether the password stands before the host or behind.
// The last '@' counts: of a URL that is wrong, rather too much is hidden.
inline std::string without_password(std::string url) {
  constexpr std::string_view kHidden = "********";
  constexpr std::string_view kOption = "password=";
  const auto start = url.find("://");
  if (start == std::string::npos) return url;
  const auto host = url.rfind('@');
  const auto colon = url.find(':', start + 3);
  if (host != std::string::npos && colon < host) url.replace(colon + 1, host - colon - 1, kHidden);
  const auto query = url.find(kOption);
  if (query == std::string::npos) return url;
  const auto value = query + kOption.size();
  return url.replace(value, std::min(url.find('&', value), url.size()) - value, kHidden);
}

inline std::vector<std::string> split(const std::string& value) {
  std::vector<std::string> parts;
  std::size_t at = 0;
  while (at < value.size()) {
    const auto comma = std::min(value.find(',', at), value.size());
    if (comma > at) parts.push_back(value.substr(at, comma - at));
    at = comma + 1;
  }
  return parts;
}

inline std::string join(const std::vector<std::string>& parts) {
  std::string all;
  for (const auto& part : parts) all += (all.empty() ? "" : ",") + part;
  return all;
}

// "soilMoisture 30d,rssi 7d"
inline std::string set_durations(std::map<std::string, Seconds>& into, const std::string& value) {
  std::map<std::string, Seconds> found;
  for (const auto& part : split(value)) {
    const auto space = part.find(' ');
    const auto duration =
        space == std::string::npos ? std::nullopt : parse_duration(part.substr(space + 1));
    const auto name = part.substr(0, space);
    if (!protocol::is_name(name) || !duration || *duration < std::chrono::days(1))
      return "must be a list of measurements, each with a duration of a day or more, such as "
             "[\"rssi 30d\"]";
    found[name] = *duration;
  }
  into = std::move(found);
  return "";
}

inline std::string shown_durations(const std::map<std::string, Seconds>& durations) {
  std::vector<std::string> parts;
  for (const auto& [name, duration] : durations)
    parts.push_back(name + " " + format_duration(duration));
  return join(parts);
}

}  // namespace croft::app::kinds

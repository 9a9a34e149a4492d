// The system clock, and RFC 3339 written and read without the C library's time zones.
// SPDX-License-Identifier: Apache-2.0
#include "base/clock.hpp"

#include <array>
#include <charconv>
#include <cstdint>

namespace croft {
namespace {

using namespace std::chrono;

// Reads exactly `width` digits at `at`; nothing when one is not a digit.
std::optional<int> digits(std::string_view text, std::size_t at, std::size_t width) {
  if (at + width > text.size()) return std::nullopt;
  int value = 0;
  for (std::size_t i = at; i < at + width; ++i) {
    if (text[i] < '0' || text[i] > '9') return std::nullopt;
    value = value * 10 + (text[i] - '0');
  }
  return value;
}

bool has(std::string_view text, std::size_t at, char wanted) {
  return at < text.size() && text[at] == wanted;
}

// ".25" -> 250 ms; further digits are cut. Moves `at` behind the fraction.
std::optional<int> fraction_ms(std::string_view text, std::size_t& at) {
  if (!has(text, at, '.')) return 0;
  int value = 0;
  int seen = 0;
  for (++at; at < text.size() && text[at] >= '0' && text[at] <= '9'; ++at, ++seen)
    if (seen < 3) value = value * 10 + (text[at] - '0');
  if (seen == 0) return std::nullopt;
  for (; seen < 3; ++seen) value *= 10;
  return value;
}

// "Z", "+02:00": how far local time is ahead of UTC.
std::optional<minutes> offset_at(std::string_view text, std::size_t at) {
  if (at + 1 == text.size() && (text[at] == 'Z' || text[at] == 'z')) return minutes{0};
  if (at + 6 != text.size() || (text[at] != '+' && text[at] != '-') || text[at + 3] != ':')
    return std::nullopt;
  const auto h = digits(text, at + 1, 2);
  const auto m = digits(text, at + 4, 2);
  if (!h || !m || *h > 23 || *m > 59) return std::nullopt;
  const minutes ahead{*h * 60 + *m};
  return text[at] == '+' ? ahead : -ahead;
}

void put(char* to, int value, int width) {
  for (int i = width - 1; i >= 0; --i, value /= 10) to[i] = static_cast<char>('0' + value % 10);
}

}  // namespace

void append_instant(std::string& out, Instant at) {
  const auto day = floor<days>(at);
  const year_month_day date{day};
  auto rest = static_cast<int>((at - day).count());
  std::array<char, 24> text{'0', '0', '0', '0', '-', '0', '0', '-', '0', '0', 'T', '0',
                            '0', ':', '0', '0', ':', '0', '0', '.', '0', '0', '0', 'Z'};
  put(&text[0], static_cast<int>(date.year()), 4);
  put(&text[5], static_cast<int>(static_cast<unsigned>(date.month())), 2);
  put(&text[8], static_cast<int>(static_cast<unsigned>(date.day())), 2);
  put(&text[20], rest % 1000, 3);
  rest /= 1000;
  put(&text[17], rest % 60, 2);
  put(&text[14], rest / 60 % 60, 2);
  put(&text[11], rest / 3600, 2);
  out.append(text.data(), text.size());
}

std::string format_instant(Instant at) {
  std::string out;
  out.reserve(24);
  append_instant(out, at);
  return out;
}

std::optional<Instant> parse_instant(std::string_view text) {
  const auto y = digits(text, 0, 4);
  const auto mo = digits(text, 5, 2);
  const auto d = digits(text, 8, 2);
  const auto h = digits(text, 11, 2);
  const auto mi = digits(text, 14, 2);
  const auto s = digits(text, 17, 2);
  if (!y || !mo || !d || !h || !mi || !s) return std::nullopt;
  if (!has(text, 4, '-') || !has(text, 7, '-') || !has(text, 13, ':') || !has(text, 16, ':'))
    return std::nullopt;
  if (!has(text, 10, 'T') && !has(text, 10, 't') && !has(text, 10, ' ')) return std::nullopt;
  const year_month_day date{year{*y}, month{static_cast<unsigned>(*mo)},
                            day{static_cast<unsigned>(*d)}};
  if (!date.ok() || *h > 23 || *mi > 59 || *s > 60) return std::nullopt;
  std::size_t at = 19;
  const auto ms = fraction_ms(text, at);
  if (!ms) return std::nullopt;
  const auto ahead = offset_at(text, at);
  if (!ahead) return std::nullopt;
  return Instant{sys_days{date} + hours{*h} + minutes{*mi} + seconds{*s} + Milliseconds{*ms} -
                 *ahead};
}

std::optional<Seconds> parse_iso_duration(std::string_view text) {
  struct Unit {
    char letter;
    bool time;  // behind the T
    std::int64_t seconds;
  };
  constexpr Unit kUnits[] = {{'W', false, 604'800},
                             {'D', false, 86'400},
                             {'H', true, 3600},
                             {'M', true, 60},
                             {'S', true, 1}};
  constexpr std::int64_t kMost = 3650LL * 86'400;
  if (text.size() < 3 || text.front() != 'P') return std::nullopt;
  std::int64_t total = 0;
  bool time = false;
  const auto* unit = std::begin(kUnits);  // units come in this order, each at most once
  for (std::size_t at = 1; at < text.size();) {
    if (text[at] == 'T' && !time) {
      time = true;
      ++at;
      continue;
    }
    std::int64_t number = 0;
    const auto* begin = text.data() + at;
    const auto [end, error] = std::from_chars(begin, text.data() + text.size(), number);
    if (error != std::errc() || number < 0 || number > kMost) return std::nullopt;
    if (*begin == '-' || end == text.data() + text.size()) return std::nullopt;
    while (unit != std::end(kUnits) && (unit->letter != *end || unit->time != time)) ++unit;
    if (unit == std::end(kUnits)) return std::nullopt;
    total += number * unit->seconds;
    ++unit;
    at = static_cast<std::size_t>(end - text.data()) + 1;
  }
  if (text.back() == 'T' || total > kMost) return std::nullopt;
  return Seconds(total);
}

Instant SystemClock::now() const { return time_point_cast<Milliseconds>(system_clock::now()); }

}  // namespace croft

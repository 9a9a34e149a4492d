// Reads durations from their ISO 8601 text, and nothing that has no fixed length.
// SPDX-License-Identifier: Apache-2.0
#include "command/duration.hpp"

#include <charconv>
#include <iterator>

namespace croft::command {
namespace {

struct Unit {
  char letter;
  bool of_day;  // behind the T
  std::int64_t seconds;
};
constexpr Unit kUnits[] = {
    {'W', false, 604800}, {'D', false, 86400}, {'H', true, 3600}, {'M', true, 60}, {'S', true, 1}};
constexpr std::int64_t kMost = 1'000'000'000;  // of one unit; far from an overflow

}  // namespace

std::optional<Seconds> parse_iso_duration(std::string_view text) {
  if (!text.starts_with('P')) return std::nullopt;
  text.remove_prefix(1);
  std::int64_t total = 0;
  bool in_day = false;
  bool any = false;
  std::size_t from = 0;  // units come in order, each once
  while (!text.empty()) {
    if (text[0] == 'T' && !in_day) {
      in_day = true;
      any = false;  // a T wants something behind it
      text.remove_prefix(1);
      continue;
    }
    std::int64_t number = 0;
    const auto* end = text.data() + text.size();
    const auto [stop, error] = std::from_chars(text.data(), end, number);
    if (error != std::errc() || stop == end || number < 0 || number > kMost) return std::nullopt;
    while (from < std::size(kUnits) &&
           (kUnits[from].letter != *stop || kUnits[from].of_day != in_day))
      ++from;
    if (from == std::size(kUnits)) return std::nullopt;
    total += number * kUnits[from++].seconds;
    any = true;
    text.remove_prefix(static_cast<std::size_t>(stop + 1 - text.data()));
  }
  if (!any) return std::nullopt;
  return Seconds(total);
}

}  // namespace croft::command

// Topic filters of grants, and the table as text.
// SPDX-License-Identifier: Apache-2.0
#include "broker/guard/table.hpp"

namespace croft::broker::guard {
namespace {

std::string_view cut_level(std::string_view& text, bool& more) {
  const std::size_t slash = text.find('/');
  const std::string_view level = text.substr(0, slash);
  more = slash != std::string_view::npos;
  text.remove_prefix(more ? slash + 1 : text.size());
  return level;
}

}  // namespace

bool is_grant(std::string_view filter) {
  if (filter.empty() || filter.size() > kMostFilterBytes || filter[0] == '$') return false;
  for (const char c : filter) {
    if (static_cast<unsigned char>(c) < ' ' || c == '\x7f') return false;
  }
  for (bool more = true; more;) {
    const std::string_view level = cut_level(filter, more);
    if (level == "#") return !more;
    if (level != "+" && level.find_first_of("+#") != std::string_view::npos) return false;
  }
  return true;
}

bool filter_matches(std::string_view filter, std::string_view topic) {
  bool more_filter = true;
  bool more_topic = true;
  while (more_filter) {
    const std::string_view wanted = cut_level(filter, more_filter);
    if (wanted == "#") return true;
    if (!more_topic) return false;
    const std::string_view level = cut_level(topic, more_topic);
    if (wanted != "+" && wanted != level) return false;
  }
  return !more_topic;
}

std::string to_text(const Table& table) {
  std::string text;
  text.reserve(table.size() * 96);
  for (const auto& [id, device] : table) {
    text.append("set ").append(id).append(" ").append(to_hex(device.hash)).append("\n");
    for (const std::string& filter : device.grants)
      text.append("grant ").append(id).append(" ").append(filter).append("\n");
  }
  return text;
}

}  // namespace croft::broker::guard

// Topic names and topic filters.
// SPDX-License-Identifier: Apache-2.0
#include "mqtt/client.hpp"

namespace croft::mqtt {
namespace {

constexpr std::size_t kMostBytes = 65'535;
constexpr std::string_view kShare = "$share/";

// The part of a text before its next '/'; `text` keeps what follows, `more` whether there was one.
std::string_view next_level(std::string_view& text, bool& more) {
  const std::size_t slash = text.find('/');
  const std::string_view level = text.substr(0, slash);
  more = slash != std::string_view::npos;
  text.remove_prefix(more ? slash + 1 : text.size());
  return level;
}

bool valid_levels(std::string_view filter) {
  if (filter.empty()) return false;
  for (bool more = true; more;) {
    const std::string_view level = next_level(filter, more);
    if (level == "#") return !more;
    if (level != "+" && level.find_first_of("+#") != std::string_view::npos) return false;
  }
  return true;
}

// "$share/group/filter" delivers what "filter" matches; everything else stands for itself.
std::string_view without_share(std::string_view filter) {
  if (!filter.starts_with(kShare)) return filter;
  const std::size_t slash = filter.find('/', kShare.size());
  return slash == std::string_view::npos ? std::string_view{} : filter.substr(slash + 1);
}

}  // namespace

bool matches(std::string_view filter, std::string_view topic) {
  filter = without_share(filter);
  if (filter.empty() || topic.empty()) return false;
  if (topic[0] == '$' && (filter[0] == '#' || filter[0] == '+')) return false;
  bool more_filter = true;
  bool more_topic = true;
  while (more_filter) {
    const std::string_view wanted = next_level(filter, more_filter);
    if (wanted == "#") return true;  // the rest of the topic, or its parent level
    if (!more_topic) return false;
    const std::string_view level = next_level(topic, more_topic);
    if (wanted != "+" && wanted != level) return false;
  }
  return !more_topic;
}

bool valid_filter(std::string_view filter) {
  if (filter.size() > kMostBytes || filter.find('\0') != std::string_view::npos) return false;
  if (!filter.starts_with(kShare)) return valid_levels(filter);
  const std::string_view group = filter.substr(kShare.size());
  const std::size_t slash = group.find('/');
  return slash != std::string_view::npos && slash > 0 && group.find_first_of("+#") >= slash &&
         valid_levels(group.substr(slash + 1));
}

bool valid_topic(std::string_view topic) {
  if (topic.empty() || topic.size() > kMostBytes) return false;
  for (const char c : topic) {  // a plain loop: every received message passes here
    if (c == '+' || c == '#' || c == '\0') return false;
  }
  return true;
}

}  // namespace croft::mqtt

// Reading the control text, line by line.
// SPDX-License-Identifier: Apache-2.0
#include "broker/guard/control.hpp"

#include <algorithm>
#include <utility>
#include <vector>

#include "broker/guard/accounts.hpp"
#include "protocol/text.hpp"

namespace croft::broker::guard {
namespace {

// The word before the first space; `text` keeps what follows it.
std::string_view cut_word(std::string_view& text) {
  const std::size_t space = text.find(' ');
  const std::string_view word = text.substr(0, space);
  text.remove_prefix(space == std::string_view::npos ? text.size() : space + 1);
  return word;
}

}  // namespace

bool Control::apply(std::string_view text) {
  bool changed = false;
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    std::string_view line = text.substr(0, end);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (line.empty()) continue;
    const bool so = apply_line(line);
    changed = changed || so;
  }
  return changed;
}

bool Control::apply_line(std::string_view line) {
  if (line.size() > kMostLineBytes) return wrong("a line is longer than 1024 bytes");
  const std::string_view verb = cut_word(line);
  if (verb == "set") return set(line);
  if (verb == "grant") return grant(line);
  if (verb == "remove") return remove(line);
  if (!line.empty()) return wrong("a line has an unknown verb or words too many");
  if (verb == "begin") {
    gathered_.emplace();
    return false;
  }
  if (verb == "commit") return commit();
  return wrong("a line has an unknown verb");
}

bool Control::set(std::string_view arguments) {
  const std::string_view id = cut_word(arguments);
  if (!protocol::is_device_id(id) || is_reserved(id)) return wrong("set: not a device id");
  const std::optional<Hash> hash = parse_hash(arguments);
  if (!hash) return wrong("set: not 64 hexadecimal digits");
  Table& table = gathered_ ? *gathered_ : table_;
  const auto found = table.find(id);
  if (found == table.end()) {
    if (table.size() >= kMostDevices) return wrong("set: there are too many devices");
    table[std::string(id)].hash = *hash;
    return !gathered_;
  }
  if (found->second.hash == *hash) return false;
  if (!gathered_ && found->second.seen) cut_(found->first);
  found->second.hash = *hash;
  found->second.seen = false;
  return !gathered_;
}

bool Control::grant(std::string_view arguments) {
  const std::string_view id = cut_word(arguments);
  if (!is_grant(arguments)) return wrong("grant: not a topic filter one can grant");
  Table& table = gathered_ ? *gathered_ : table_;
  const auto found = table.find(id);
  if (found == table.end()) return wrong("grant: no such device; set it first");
  std::vector<std::string>& grants = found->second.grants;
  if (std::find(grants.begin(), grants.end(), arguments) != grants.end()) return false;
  if (grants.size() >= kMostGrants) return wrong("grant: the device has too many grants");
  grants.emplace_back(arguments);
  return !gathered_;
}

bool Control::remove(std::string_view device) {
  Table& table = gathered_ ? *gathered_ : table_;
  if (!protocol::is_device_id(device)) return wrong("remove: not a device id");
  const auto found = table.find(device);
  if (found == table.end()) return false;
  if (!gathered_ && found->second.seen) cut_(found->first);
  table.erase(found);
  return !gathered_;
}

bool Control::commit() {
  if (!gathered_) return wrong("commit without begin");
  Table next = std::move(*gathered_);
  gathered_.reset();
  for (auto& [id, device] : table_) {
    const auto found = next.find(id);
    if (found != next.end() && found->second.hash == device.hash) {
      auto grants = std::move(found->second.grants);
      found->second = device;
      found->second.grants = std::move(grants);
    } else if (device.seen) {
      cut_(id);
    }
  }
  table_.swap(next);
  return true;
}

bool Control::wrong(std::string_view what) {
  complain_(what);
  return false;
}

}  // namespace croft::broker::guard

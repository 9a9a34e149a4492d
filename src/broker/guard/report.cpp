// Writing reports and holding back the flood.
// SPDX-License-Identifier: Apache-2.0
#include "broker/guard/report.hpp"

#include <algorithm>
#include <utility>

namespace croft::broker::guard {
namespace {

// The bytes of the UTF-8 character that `text` begins with; 0 when it is none.
std::size_t character_bytes(std::string_view text) {
  const auto at = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char lead = at(0);
  const std::size_t size = lead < 0x80   ? 1
                           : lead < 0xc2 ? 0
                           : lead < 0xe0 ? 2
                           : lead < 0xf0 ? 3
                           : lead < 0xf5 ? 4
                                         : 0;
  if (size == 0 || size > text.size()) return 0;
  for (std::size_t i = 1; i < size; ++i) {
    if ((at(i) & 0xc0) != 0x80) return 0;
  }
  const bool overlong = (lead == 0xe0 && at(1) < 0xa0) || (lead == 0xf0 && at(1) < 0x90);
  const bool surrogate = lead == 0xed && at(1) >= 0xa0;
  const bool beyond = lead == 0xf4 && at(1) >= 0x90;
  return overlong || surrogate || beyond ? 0 : size;
}

void append_escaped(std::string& out, unsigned char c) {
  constexpr char kDigits[] = "0123456789abcdef";
  if (c == '"' || c == '\\') {
    out.push_back('\\');
    out.push_back(static_cast<char>(c));
  } else if (c < 0x20 || c == 0x7f) {
    out.append("\\u00").push_back(kDigits[c >> 4]);
    out.push_back(kDigits[c & 15]);
  } else {
    out.push_back(static_cast<char>(c));
  }
}

// Fills the device's bucket for the time that passed.
void refill(Device& device, Reporter::Time now) {
  const std::chrono::duration<double> passed = now - device.reports_at;
  device.reports = std::min(kReportsASecond, device.reports + passed.count() * kReportsASecond);
  device.reports_at = now;
}

}  // namespace

void append_json(std::string& out, std::string_view text, std::size_t most) {
  out.push_back('"');
  std::size_t used = 0;
  while (!text.empty()) {
    const std::size_t size = character_bytes(text);
    const std::size_t taken = size == 0 ? 1 : size;
    if (used + taken > most) break;
    if (size == 0) {
      out.append("\xef\xbf\xbd");
    } else if (size == 1) {
      append_escaped(out, static_cast<unsigned char>(text[0]));
    } else {
      out.append(text.substr(0, size));
    }
    text.remove_prefix(taken);
    used += taken;
  }
  out.push_back('"');
}

std::string write_report(const Refused& refused, unsigned suppressed) {
  std::string json = "{\"reason\":\"" + std::string(to_string(refused.reason)) + "\"";
  json.append(",\"access\":\"").append(refused.access).append("\"");
  if (!refused.topic.empty()) {
    json.append(",\"topic\":");
    append_json(json, refused.topic, kMostTopicBytes);
    json.append(",\"bytes\":").append(std::to_string(refused.bytes));
  }
  if (suppressed > 0) json.append(",\"suppressed\":").append(std::to_string(suppressed));
  return json.append("}");
}

std::optional<std::string> Reporter::report(Table& table, std::string_view device,
                                            const Refused& refused, Time now) {
  const auto found = table.find(device);
  if (found == table.end()) return std::nullopt;
  refill(found->second, now);
  if (found->second.reports < 1) {
    if (found->second.suppressed++ == 0) silenced_.push_back(found->first);
    return std::nullopt;
  }
  found->second.reports -= 1;
  return write_report(refused, std::exchange(found->second.suppressed, 0u));
}

std::vector<Reporter::Report> Reporter::owed(Table& table, Time now) {
  std::vector<Report> reports;
  if (silenced_.empty() || now < next_) return reports;
  next_ = now + std::chrono::seconds(1);
  std::vector<std::string> still;
  for (std::string& id : silenced_) {
    const auto found = table.find(id);
    if (found == table.end() || found->second.suppressed == 0) continue;
    refill(found->second, now);
    if (found->second.reports < 1) {
      still.push_back(std::move(id));
      continue;
    }
    found->second.reports -= 1;
    const unsigned count = std::exchange(found->second.suppressed, 0u);
    reports.push_back({id, "{\"reason\":\"more\",\"suppressed\":" + std::to_string(count) + "}"});
  }
  silenced_ = std::move(still);
  return reports;
}

}  // namespace croft::broker::guard

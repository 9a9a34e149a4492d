// The MQTT topics of a device: one table of kinds serves parsing, building and subscribing.
// SPDX-License-Identifier: Apache-2.0
#include "protocol/topics.hpp"

#include <cstring>

namespace croft::protocol {
namespace {

constexpr std::string_view kFilters[] = {
    "croft/v1/+/telemetry",   "croft/v1/+/telemetry/ack", "croft/v1/+/command",
    "croft/v1/+/command/ack", "croft/v1/+/state",         "croft/v1/+/status",
    "croft/v1/+/firmware",    "croft/v1/+/update",        "croft/v1/+/update/get",
    "croft/v1/+/update/data",
};
constexpr std::size_t kKinds = sizeof(kFilters) / sizeof(kFilters[0]);
constexpr std::size_t kKindAt = kTopicPrefix.size() + 2;  // after "+/"

}  // namespace

std::string_view filter(Kind kind) { return kFilters[static_cast<std::size_t>(kind)]; }

std::string_view to_string(Kind kind) { return filter(kind).substr(kKindAt); }

std::optional<Topic> parse_topic(std::string_view topic) {
  if (topic.substr(0, kTopicPrefix.size()) != kTopicPrefix) return std::nullopt;
  topic.remove_prefix(kTopicPrefix.size());
  const std::size_t slash = topic.find('/');
  if (slash == std::string_view::npos) return std::nullopt;
  const std::string_view device = topic.substr(0, slash);
  const std::string_view rest = topic.substr(slash + 1);
  if (!is_device_id(device)) return std::nullopt;
  for (std::size_t i = 0; i < kKinds; ++i) {
    const Kind kind = static_cast<Kind>(i);
    if (rest == to_string(kind)) return Topic{device, kind};
  }
  return std::nullopt;
}

std::string_view write_topic(std::string_view device, Kind kind, char* buffer,
                             std::size_t capacity) {
  const std::string_view last = to_string(kind);
  const std::size_t size = kTopicPrefix.size() + device.size() + 1 + last.size();
  if (!is_device_id(device) || size > capacity) return {};
  char* at = buffer;
  std::memcpy(at, kTopicPrefix.data(), kTopicPrefix.size());
  at += kTopicPrefix.size();
  std::memcpy(at, device.data(), device.size());
  at += device.size();
  *at++ = '/';
  std::memcpy(at, last.data(), last.size());
  return {buffer, size};
}

}  // namespace croft::protocol

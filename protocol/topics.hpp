// The MQTT topics of a device: reading them, building them, subscribing to them.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "protocol/text.hpp"

namespace croft::protocol {

enum class Kind : std::uint8_t {
  telemetry,
  telemetry_ack,
  command,
  command_ack,
  state,
  status,
  firmware,
  update,
  update_get,
  update_data
};

struct Topic {
  std::string_view device;  // points into the text that was parsed
  Kind kind;
};

constexpr std::string_view kTopicPrefix = "croft/v1/";
constexpr std::size_t kMaxTopicBytes = kTopicPrefix.size() + kMaxDeviceIdBytes + 1 + 13;

/// What follows the device in a topic: "telemetry", "telemetry/ack", ...
std::string_view to_string(Kind kind);

/// `croft/v1/<device>/<kind>`; nullopt for every other topic and for an invalid device id.
std::optional<Topic> parse_topic(std::string_view topic);

/// Writes the topic into `buffer` and returns it; empty when the id is invalid or it does not fit.
/// kMaxTopicBytes always suffice.
std::string_view write_topic(std::string_view device, Kind kind, char* buffer,
                             std::size_t capacity);

/// The platform's subscription to one kind for every device: "croft/v1/+/telemetry".
std::string_view filter(Kind kind);

/// The two payloads of `status`.
constexpr std::string_view kOnline = "online";
constexpr std::string_view kOffline = "offline";

}  // namespace croft::protocol

// The platform's own accounts at the broker, each with the least rights its services need.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "broker/guard/table.hpp"

namespace croft::broker::guard {

// A set of roles: what the processes that log in with an account are there for. Bits of Role.
using Roles = std::uint8_t;
enum Role : Roles { kPlatform = 1, kAuth = 2, kData = 4, kCommand = 8, kVisualisation = 16 };

// "platform" (everything), or any of "auth", "data", "command" and "visualisation", joined by
// commas; nothing when it has another word.
std::optional<Roles> parse_roles(std::string_view text);

bool may_write(Roles roles, std::string_view topic);
// A topic, or the filter of a subscription taken as a text.
bool may_hear(Roles roles, std::string_view topic);
// Whether it may change the table of devices.
bool may_control(Roles roles);

struct Account {
  Hash hash{};
  Roles roles = 0;
};
using Accounts = std::unordered_map<std::string, Account, TextHash, std::equal_to<>>;

// Names that no device may have: "croft" and whatever begins with "croft-".
bool is_reserved(std::string_view name);

constexpr std::string_view kControlTopic = "$CONTROL/croft/v1/devices";

}  // namespace croft::broker::guard

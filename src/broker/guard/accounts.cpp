// Which role may write and hear which topics.
// SPDX-License-Identifier: Apache-2.0
#include "broker/guard/accounts.hpp"

#include <algorithm>
#include <span>

namespace croft::broker::guard {
namespace {

// Among themselves the services speak below croft/internal/v1: each writes under its own name, all
// may hear.
constexpr std::string_view kInternal = "croft/internal/v1/#";
constexpr std::string_view kDropped = "$SYS/broker/publish/messages/dropped";

struct Rights {
  Role role;
  std::string_view name;
  std::span<const std::string_view> writes;
  std::span<const std::string_view> hears;
  bool foreign_topics = false;  // whatever is not below croft/ or $: other people's devices
};

constexpr std::string_view kAuthWrites[] = {"croft/internal/v1/auth/#", "croft/v1/+/status",
                                            "croft/v1/+/state", "croft/v1/+/firmware",
                                            kControlTopic};
constexpr std::string_view kAuthHears[] = {kInternal, kDropped, "croft/v1/+/status",
                                           "croft/v1/+/state", "croft/v1/+/firmware"};
constexpr std::string_view kDataWrites[] = {"croft/internal/v1/data/#", "croft/v1/+/telemetry/ack"};
constexpr std::string_view kDataHears[] = {kInternal, kDropped, "croft/v1/+/telemetry",
                                           "croft/v1/+/refused"};
constexpr std::string_view kCommandWrites[] = {"croft/internal/v1/command/#", "croft/v1/+/command",
                                               "croft/v1/+/update", "croft/v1/+/update/data"};
constexpr std::string_view kCommandHears[] = {kInternal,
                                              kDropped,
                                              "croft/v1/+/command/ack",
                                              "croft/v1/+/status",
                                              "croft/v1/+/state",
                                              "croft/v1/+/firmware",
                                              "croft/v1/+/update/get"};
constexpr std::string_view kVisualisationWrites[] = {"croft/internal/v1/visualisation/#"};
constexpr std::string_view kVisualisationHears[] = {kInternal, kDropped, "croft/v1/+/status",
                                                    "croft/v1/+/state", "croft/v1/+/firmware"};

constexpr Rights kRights[] = {
    {kAuth, "auth", kAuthWrites, kAuthHears},
    {kData, "data", kDataWrites, kDataHears, true},
    {kCommand, "command", kCommandWrites, kCommandHears},
    {kVisualisation, "visualisation", kVisualisationWrites, kVisualisationHears},
};

bool is_foreign(std::string_view topic) {
  return !topic.starts_with('$') && topic != "croft" && !topic.starts_with("croft/");
}

bool any_matches(std::span<const std::string_view> filters, std::string_view topic) {
  return std::ranges::any_of(
      filters, [&](std::string_view filter) { return filter_matches(filter, topic); });
}

}  // namespace

std::optional<Roles> parse_roles(std::string_view text) {
  if (text == "platform") return kPlatform;
  Roles roles = 0;
  for (bool more = true; more;) {
    const auto comma = text.find(',');
    const auto name = text.substr(0, comma);
    const auto* found = std::ranges::find(kRights, name, &Rights::name);
    if (found == std::end(kRights)) return std::nullopt;
    roles |= found->role;
    more = comma != std::string_view::npos;
    if (more) text.remove_prefix(comma + 1);
  }
  return roles;
}

bool may_write(Roles roles, std::string_view topic) {
  if ((roles & kPlatform) != 0) return true;
  return std::ranges::any_of(kRights, [&](const Rights& rights) {
    return (roles & rights.role) != 0 && any_matches(rights.writes, topic);
  });
}

bool may_hear(Roles roles, std::string_view topic) {
  if ((roles & kPlatform) != 0) return true;
  return std::ranges::any_of(kRights, [&](const Rights& rights) {
    return (roles & rights.role) != 0 &&
           (any_matches(rights.hears, topic) || (rights.foreign_topics && is_foreign(topic)));
  });
}

bool may_control(Roles roles) { return (roles & (kPlatform | kAuth)) != 0; }

bool is_reserved(std::string_view name) { return name == "croft" || name.starts_with("croft-"); }

}  // namespace croft::broker::guard

// The guard's decisions, one function each.
// SPDX-License-Identifier: Apache-2.0
#include "broker/guard/rules.hpp"

#include "protocol/limits.hpp"
#include "protocol/topics.hpp"

namespace croft::broker::guard {
namespace {

using protocol::Kind;

// The first level that no grant reaches, whatever its wildcards: topics of devices.
constexpr std::string_view kOwnLevel = "croft/";

bool device_writes(Kind kind) {
  return kind == Kind::telemetry || kind == Kind::command_ack || kind == Kind::state ||
         kind == Kind::status || kind == Kind::firmware || kind == Kind::update_get;
}

bool device_hears(Kind kind) {
  return kind == Kind::telemetry_ack || kind == Kind::command || kind == Kind::update ||
         kind == Kind::update_data;
}

}  // namespace

std::string_view to_string(Refusal refusal) {
  switch (refusal) {
    case Refusal::none:
      return "none";
    case Refusal::unknown:
      return "unknown";
    case Refusal::bad_credentials:
      return "badCredentials";
    case Refusal::client_id_taken:
      return "clientIdNotAllowed";
    case Refusal::topic_not_allowed:
      return "topicNotAllowed";
    case Refusal::too_large:
      return "tooLarge";
  }
  return "unknown";
}

Refusal Rules::log_in(std::string_view user, std::string_view secret, std::string_view client_id) {
  const Hash hash = hash_of(secret);  // first, so that an unknown user takes as long as a known one
  if (const auto account = accounts.find(user); account != accounts.end())
    return log_in_service(account->second, user, hash, client_id);
  if (!protocol::is_device_id(user)) return Refusal::unknown;  // "+" and "#" among others
  const auto found = table.find(user);
  const bool right = same(hash, found == table.end() ? Hash{} : found->second.hash);
  if (found == table.end()) return Refusal::unknown;
  if (!right) return Refusal::bad_credentials;
  if (!claim(found->second, user, client_id)) return Refusal::client_id_taken;
  found->second.seen = true;
  return Refusal::none;
}

Roles Rules::roles_of(std::string_view user) const {
  const auto account = accounts.find(user);
  return account == accounts.end() ? Roles{0} : account->second.roles;
}

// A service may take over its own sessions, not those of another.
Refusal Rules::log_in_service(const Account& account, std::string_view user, const Hash& hash,
                              std::string_view client_id) const {
  if (!same(hash, account.hash)) return Refusal::unknown;
  const bool own = client_id.starts_with(user) &&
                   (client_id.size() == user.size() || client_id[user.size()] == '-');
  return own || client_id.empty() ? Refusal::none : Refusal::client_id_taken;
}

// The broker gives a session to whoever brings its client id; only its owner may.
bool Rules::claim(Device& device, std::string_view user, std::string_view client_id) {
  if (client_id.empty() || client_id == user) return true;
  if (client_id.size() > kMostClientIdBytes || is_reserved(client_id)) return false;
  if (table.find(client_id) != table.end()) return false;
  const auto held = claims.find(client_id);
  if (held != claims.end() && held->second == user) return true;
  if (held != claims.end() && table.find(held->second) != table.end()) return false;
  if (device.client_ids.size() >= kMostClaims) {
    claims.erase(device.client_ids.front());
    device.client_ids.erase(device.client_ids.begin());
  }
  // Devices that were removed left theirs behind.
  if (claims.size() > kMostClaims * (table.size() + 64))
    std::erase_if(claims, [&](const auto& one) { return table.find(one.second) == table.end(); });
  claims.insert_or_assign(std::string(client_id), std::string(user));
  device.client_ids.emplace_back(client_id);
  return true;
}

Refusal Rules::may_write(std::string_view user, std::string_view topic, std::size_t bytes) const {
  if (const Roles roles = roles_of(user); roles != 0)
    return guard::may_write(roles, topic) ? Refusal::none : Refusal::topic_not_allowed;
  const auto found = table.find(user);
  if (found == table.end()) return Refusal::unknown;
  bool allowed = false;
  if (topic.starts_with(kOwnLevel) || topic.starts_with('$')) {
    const auto own = protocol::parse_topic(topic);
    allowed = own && own->device == user && device_writes(own->kind);
  } else {
    for (const std::string& filter : found->second.grants)
      allowed = allowed || filter_matches(filter, topic);
    for (const auto& [device, filter] : grants)
      allowed = allowed || (device == user && filter_matches(filter, topic));
  }
  if (!allowed) return Refusal::topic_not_allowed;
  return bytes > protocol::kMaxPayloadBytes ? Refusal::too_large : Refusal::none;
}

Refusal Rules::may_hear(std::string_view user, std::string_view topic) const {
  if (const Roles roles = roles_of(user); roles != 0)
    return guard::may_hear(roles, topic) ? Refusal::none : Refusal::topic_not_allowed;
  if (table.find(user) == table.end()) return Refusal::unknown;
  const auto own = protocol::parse_topic(topic);
  return own && own->device == user && device_hears(own->kind) ? Refusal::none
                                                               : Refusal::topic_not_allowed;
}

}  // namespace croft::broker::guard

// Devices in the database: SQL and nothing but SQL.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "base/ids.hpp"
#include "db/database.hpp"

namespace croft::auth {

struct Device {
  DeviceId id;
  UserId owner;
  std::string name;
  std::string secret_hash;  // SHA-256 of the secret, which is kept nowhere
  Instant created{};
};

namespace devices {

// `request_key` is the Idempotency-Key it is made with, or "". False when one of the owner's
// devices has it.
bool add(db::Connection&, const Device&, std::string_view request_key = {});
// The one made with this key after `oldest`; an older one is parted from the key.
std::optional<DeviceId> made_with(db::Connection&, const UserId&, std::string_view request_key,
                                  Instant oldest);
std::optional<Device> find(db::Connection&, const DeviceId&);
// An owner's devices with an id above `after`, oldest first, at most `limit`.
std::vector<Device> list(db::Connection&, const UserId&, std::string_view after, int limit);
void each(db::Connection&, const std::function<void(const Device&)>&);
std::int64_t count(db::Connection&, const UserId&);
bool rename(db::Connection&, const DeviceId&, std::string_view name);
bool set_secret(db::Connection&, const DeviceId&, std::string_view secret_hash);
bool remove(db::Connection&, const DeviceId&);

}  // namespace devices
}  // namespace croft::auth

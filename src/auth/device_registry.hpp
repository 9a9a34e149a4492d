// What can be done with devices; keeps the directory and the broker's door in step with the table.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "auth/auth.hpp"
#include "auth/device_store.hpp"

namespace croft::auth {

struct WithSecret {
  Device device;
  std::string secret;  // shown this once
};

// Every member answers not_found for devices of others and for those that do not exist.
class DeviceRegistry {
 public:
  static constexpr std::int64_t kMostPerOwner = 100'000;

  explicit DeviceRegistry(const Needs& needs) : needs_(needs) {}

  // Fills the directory; blocks. Returns what the broker must know.
  std::vector<Credential> load();
  // `key` is the request's Idempotency-Key, or "". Errors: conflict, also when the key has made a
  // device within a day; its secret cannot be shown again.
  Task<Result<WithSecret>> add(UserId owner, std::string name, std::string key = {});
  Task<Result<Device>> find(DeviceId, UserId owner);
  Task<std::vector<Device>> list(UserId owner, std::string after, int limit);
  Task<Result<Device>> rename(DeviceId, UserId owner, std::string name);
  // The old secret is dead, and its connection cut, when this returns.
  Task<Result<WithSecret>> rotate(DeviceId, UserId owner);
  Task<Result<>> remove(DeviceId, UserId owner);

 private:
  Result<> owned(const DeviceId&, const UserId&) const;

  const Needs& needs_;
};

// The contract's device object.
void write_json(JsonWriter&, const Device&, const DeviceNow&);

}  // namespace croft::auth

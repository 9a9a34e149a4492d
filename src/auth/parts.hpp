// What the rooms of auth share; nobody outside includes it.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "auth/accounts.hpp"
#include "auth/auth.hpp"
#include "auth/device_registry.hpp"
#include "security/idempotency.hpp"

namespace croft::auth {

struct Parts {
  Parts(Config c, Needs n) : config(std::move(c)), needs(std::move(n)) {}

  Config config;
  Needs needs;
  Accounts accounts{config, needs};
  DeviceRegistry registry{needs};
  security::Idempotency idempotency{needs.clock};

  void mount_accounts(http::Router&);
  void mount_devices(http::Router&);
  void mount_local(http::Router&);
};

// {"id","username","email","role"}
void write_json(JsonWriter&, const User&);
// The answer that shows a device's secret this once, with what a node needs to connect.
std::string credentials_json(const WithSecret&, const DeviceNow&, const Config&,
                             const http::Request&);

}  // namespace croft::auth

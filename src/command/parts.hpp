// What the rooms of command share; nobody outside includes it.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "command/command.hpp"
#include "command/dispatcher.hpp"
#include "security/idempotency.hpp"

namespace croft::command {

struct Parts {
  Parts(Config c, Needs n) : config(c), needs(std::move(n)) {}

  Config config;
  Needs needs;
  Dispatcher dispatcher{needs};
  security::Idempotency idempotency{needs.clock};

  void mount(http::Router&);
};

}  // namespace croft::command

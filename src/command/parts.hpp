// What the rooms of command share; nobody outside includes it.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "command/command.hpp"
#include "command/dispatcher.hpp"
#include "command/ending.hpp"
#include "command/request_keys.hpp"
#include "command/timed.hpp"
#include "command/watch.hpp"

namespace croft::command {

struct Parts {
  Parts(Config c, Needs n) : config(c), needs(std::move(n)) {}

  Config config;
  Needs needs;
  Dispatcher dispatcher{needs};
  Endings endings{needs, dispatcher};
  TimedCommands timed{config, needs, dispatcher};
  Watch watch{config, needs, dispatcher};
  RequestKeys request_keys{needs};

  void mount(http::Router&);
  void mount_triggers(http::Router&);
  void mount_timed(http::Router&);
};

}  // namespace croft::command

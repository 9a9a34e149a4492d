// Which services run in this process, and what that needs of the configuration.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "app/config.hpp"

namespace croft::app {

struct Targets {
  bool auth = true;
  bool data = true;
  bool command = true;
  bool visualisation = true;

  bool all() const { return auth && data && command && visualisation; }
  // "auth", "auth-data"; "platform" for all of them.
  std::string name() const;
  // One of the services in this process, by name.
  std::string first() const;
};

// The words behind --target: all, auth, data, command, visualisation; none is all. Throws
// std::runtime_error with one clear line.
Targets parse_targets(const std::vector<std::string>&);

// What nobody has set: a service apart has a port and a state directory of its own.
Config defaults_for(const Targets&);

// What a service apart must be told, one line each; nothing when it is all there.
Mistakes missing_for(const Targets&, const Config&);

}  // namespace croft::app

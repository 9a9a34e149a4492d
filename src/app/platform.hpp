// A Croft process: every part made, joined, started and stopped.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

#include "app/config.hpp"
#include "app/targets.hpp"

namespace croft::app {

class Platform {
 public:
  // Opens the database, starts or finds the broker, binds the ports. Blocks: a service apart also
  // waits for what it needs. Throws std::runtime_error with one clear line when something is in the
  // way.
  Platform(Config, Targets);
  Platform(const Platform&) = delete;
  Platform& operator=(const Platform&) = delete;
  ~Platform();

  // Serves until SIGINT or SIGTERM, then drains: requests under way are answered, readings received
  // are committed and acknowledged. Returns the exit code.
  int run();

 private:
  struct Wiring;
  std::unique_ptr<Wiring> wiring_;
};

}  // namespace croft::app

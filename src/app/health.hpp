// /livez, /readyz and /metrics.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/metrics.hpp"
#include "http/router.hpp"

namespace croft::app {

// One part that must work before Croft calls itself ready: "" when it does, else what is missing.
struct Check {
  std::string part;
  std::function<std::string()> missing;
};

// /livez: the loop turns. /readyz: 200 when no check misses anything, else 503; both say what of
// each part. /metrics is open to this machine and to whoever is logged in.
void mount_health(http::Router&, Metrics&, std::vector<Check>, std::shared_ptr<http::Guard>);

}  // namespace croft::app

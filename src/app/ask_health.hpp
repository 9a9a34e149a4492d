// `croft health`: asks a running Croft or broker how it is, for container engines and service
// managers.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string>

namespace croft::app {

// Asks `url` (http://host:port for /readyz, mqtt://host:port for a broker's answer to a client), or
// without one the Croft, or the `croft broker`, that runs on `state_dir`. Prints a line; returns
// the exit code, 0 when ready.
int ask_health(const std::string& url, const std::filesystem::path& state_dir);

}  // namespace croft::app

// `croft doctor`: looks at everything Croft needs and says in words what is wrong.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "app/config.hpp"

namespace croft::app {

// Prints a line for each thing looked at; with `mail_to` also sends a test mail there. Changes
// nothing and may run beside a running Croft. Returns the exit code: 1 when something is broken.
int doctor(const Config&, const std::string& mail_to);

}  // namespace croft::app

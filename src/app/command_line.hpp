// Parses the command line and runs what it asks for.
// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace croft::app {

// Returns the exit code. Throws for whatever is worth one line on stderr and exit code 1.
int run_command_line(int argc, char** argv);

}  // namespace croft::app

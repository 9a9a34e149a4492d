// The command line: `croft serve`, `croft simulate`, `croft user`, `croft device`, `croft config`.
// SPDX-License-Identifier: Apache-2.0
#include <malloc.h>

#include <cstdio>
#include <exception>

#include "app/command_line.hpp"

int main(int argc, char** argv) {
  // One loop and a few workers need no arena each; on a small board that is memory.
  mallopt(M_ARENA_MAX, 2);
  try {
    return croft::app::run_command_line(argc, argv);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "croft: %s\n", error.what());
    return 1;
  }
}

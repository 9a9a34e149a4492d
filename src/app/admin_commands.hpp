// `croft user` and `croft device`: local administration of a running Croft.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <CLI/CLI.hpp>
#include <string>

#include "app/administration.hpp"

namespace croft::app {

// What their flags and arguments say; must live until the command line is parsed.
struct AdminFlags {
  std::string state_dir = "./croft-data";
  std::string name;
  std::string email;
  std::string user;
  std::string id;
  bool password_stdin = false;

  Administration administration() const { return Administration(state_dir); }
};

void add_admin_commands(CLI::App&, AdminFlags&);

}  // namespace croft::app

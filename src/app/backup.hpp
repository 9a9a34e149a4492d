// `croft backup` and `croft restore`: an embedded installation in one file, and back.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>

#include "app/config.hpp"

namespace croft::app {

// Writes what makes this installation what it is: the database as of one moment, also while Croft
// runs, the key that signs tokens, and the certificates that `croft tls` made. All of these throw
// std::runtime_error with one clear line, and then leave nothing behind.
void back_up(const Config&, const std::filesystem::path& file);

// Checks the whole file first, and then puts it into the state directory of a Croft that does not
// run. An installation that is there already is refused, or with `replace` put aside.
void restore(const Config&, const std::filesystem::path& file, bool replace);

// A restore that was cut off after its check is carried to its end. For whoever holds the state
// directory, before anything in it is opened.
void finish_restore(const std::filesystem::path& state_dir);

}  // namespace croft::app

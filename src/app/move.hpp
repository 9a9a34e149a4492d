// `croft move`: an embedded installation goes on with a PostgreSQL.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "app/config.hpp"
#include "db/database.hpp"

namespace croft::app {

// Copies the embedded database into an empty PostgreSQL and compares both. The installation must be
// stopped, and is not touched. Cut off, it goes on where it was when it is called again. Throws
// std::runtime_error with one clear line.
void move_to(const Config&, const std::string& url);
// Throws when a move into this PostgreSQL was cut off: half of an installation is none.
void refuse_half_moved(db::Database&);

}  // namespace croft::app

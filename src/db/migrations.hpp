// Forward migrations: each service owns an ordered list and its own tables.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>
#include <string_view>

#include "db/database.hpp"

namespace croft::db {

struct Migration {
  int version;           // 1, 2, 3 ... within the service
  std::string_view sql;  // statements separated by ';'. {clustered} and {bytes} are filled in
};

// Brings `service` to its newest version, each step one transaction, safe when several processes
// start at once. Throws std::runtime_error when the store was made by a newer Croft.
void migrate(Database&, std::string_view service, std::span<const Migration>);

}  // namespace croft::db

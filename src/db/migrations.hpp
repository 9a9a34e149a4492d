// Forward migrations: each service owns an ordered list and its own tables.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>
#include <string_view>

#include "db/database.hpp"

namespace croft::db {

struct Migration {
  int version;  // 1, 2, 3 ... within the service
  // Statements separated by ';'. {clustered}, {by_time} and {bytes} are filled in, and TEXT becomes
  // what the engine calls text that is compared by its bytes. INTEGER may have as few as 32 bits.
  std::string_view sql;
};

// Brings `service` to its newest version, each step one transaction, safe when several processes
// start at once. Throws std::runtime_error when the store was made by a newer Croft.
void migrate(Database&, std::string_view service, std::span<const Migration>);

}  // namespace croft::db

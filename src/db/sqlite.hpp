// The embedded engine: SQLite in WAL mode with synchronous=FULL, one writer, several readers.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <memory>

#include "db/database.hpp"

namespace croft::db {

struct SqliteConfig {
  std::filesystem::path file;  // ":memory:" for tests: readers and the writer share one connection
  int readers = 2;
  int cache_mb = 8;  // of the writer; readers take a quarter each
};

// Opens or makes the file. Throws std::runtime_error with one clear line.
std::unique_ptr<Database> open_sqlite(const SqliteConfig&);

}  // namespace croft::db

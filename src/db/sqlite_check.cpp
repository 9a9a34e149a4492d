// Runs quick_check on a connection that can only read.
// SPDX-License-Identifier: Apache-2.0
#include "db/sqlite_check.hpp"

#include <sqlite3.h>

namespace croft::db {
namespace {

int on_row(void* into, int columns, char** values, char**) {
  auto& text = *static_cast<std::string*>(into);
  if (text.empty() && columns > 0 && values[0] != nullptr) text = values[0];
  return 0;
}

}  // namespace

std::string check_sqlite(const std::filesystem::path& file) {
  sqlite3* handle = nullptr;
  int code = sqlite3_open_v2(file.c_str(), &handle, SQLITE_OPEN_READONLY, nullptr);
  std::string first;
  if (code == SQLITE_OK) {
    // Exactly one connection may check-point, and that is the server's.
    sqlite3_db_config(handle, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
    sqlite3_busy_timeout(handle, 5000);
    code = sqlite3_exec(handle, "PRAGMA quick_check(1)", &on_row, &first, nullptr);
  }
  const std::string wrong = code != SQLITE_OK ? sqlite3_errmsg(handle) : first == "ok" ? "" : first;
  sqlite3_close_v2(handle);
  return wrong;
}

}  // namespace croft::db

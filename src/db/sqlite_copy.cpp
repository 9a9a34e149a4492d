// SQLite's online backup, from within one reading transaction.
// SPDX-License-Identifier: Apache-2.0
#include "db/sqlite_copy.hpp"

#include <sqlite3.h>

#include <stdexcept>
#include <string>

namespace croft::db {
namespace {

constexpr int kPagesOfStep = 1000;

struct Handle {
  Handle(const std::filesystem::path& file, int flags) : file(file) {
    const int code = sqlite3_open_v2(file.c_str(), &handle, flags | SQLITE_OPEN_EXRESCODE, nullptr);
    if (code != SQLITE_OK) fail("cannot be opened");
    sqlite3_busy_timeout(handle, 5000);
  }
  Handle(const Handle&) = delete;
  Handle& operator=(const Handle&) = delete;
  ~Handle() { sqlite3_close_v2(handle); }

  void execute(const char* sql) {
    if (sqlite3_exec(handle, sql, nullptr, nullptr, nullptr) != SQLITE_OK) fail("cannot be used");
  }
  [[noreturn]] void fail(const std::string& what) const {
    std::string why = handle != nullptr ? sqlite3_errmsg(handle) : "no memory";
    throw std::runtime_error("the database " + file.string() + " " + what + ": " + why);
  }

  std::filesystem::path file;
  sqlite3* handle = nullptr;
};

}  // namespace

void copy_sqlite(const std::filesystem::path& from, const std::filesystem::path& to,
                 const std::function<void(std::int64_t, std::int64_t)>& on_progress) {
  Handle source(from, SQLITE_OPEN_READWRITE);
  // One who reads never check-points: two that do it at once can corrupt the log (sqlite.cpp).
  sqlite3_db_config(source.handle, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
  source.execute("PRAGMA wal_autocheckpoint = 0; PRAGMA query_only = ON");
  // While this transaction lasts, the copy sees one state and need not begin again.
  source.execute("BEGIN; SELECT COUNT(*) FROM sqlite_master");
  Handle copy(to, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE);
  auto* backup = sqlite3_backup_init(copy.handle, "main", source.handle, "main");
  if (backup == nullptr) copy.fail("cannot be written");
  int code = SQLITE_OK;
  while (code == SQLITE_OK || code == SQLITE_BUSY || code == SQLITE_LOCKED) {
    code = sqlite3_backup_step(backup, kPagesOfStep);
    const std::int64_t of = sqlite3_backup_pagecount(backup);
    if (on_progress) on_progress(of - sqlite3_backup_remaining(backup), of);
  }
  sqlite3_backup_finish(backup);
  if (code != SQLITE_DONE) copy.fail("cannot be written");
  copy.execute("PRAGMA journal_mode = DELETE");
}

}  // namespace croft::db

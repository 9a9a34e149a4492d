// What SQLite must do besides.
// SPDX-License-Identifier: Apache-2.0
#include "db/sqlite.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "base/ids.hpp"
#include "db/migrations.hpp"

namespace croft::db {
namespace {

constexpr Migration kMigrations[] = {
    {1, "CREATE TABLE things (id TEXT PRIMARY KEY, size INTEGER)"}};

}  // namespace

TEST(SqliteFile, IsThereAfterReopening) {
  const auto file = std::filesystem::temp_directory_path() / ("croft-db-" + new_id() + ".db");
  {
    const auto database = open_sqlite({.file = file});
    migrate(*database, "test", kMigrations);
    database->write_now([](Connection& c) {
      c.execute("INSERT INTO things (id, size) VALUES ($1, $2)", {"kept", 1});
    });
  }
  const auto database = open_sqlite({.file = file});
  const auto mode = database->write_now([](Connection& c) {
    return *c.first("PRAGMA journal_mode", {}, [](const Row& row) { return row.string(0); });
  });
  EXPECT_EQ(mode, "wal");
  const auto kept = database->read_now([](Connection& c) {
    return c.first("SELECT size FROM things WHERE id = $1", {"kept"},
                   [](const Row& row) { return row.integer(0); });
  });
  EXPECT_EQ(kept, 1);
  std::filesystem::remove(file);
}

TEST(SqliteFile, SaysClearlyWhenItCannotBeOpened) {
  try {
    open_sqlite({.file = "/nonexistent/croft.db"});
    FAIL();
  } catch (const std::runtime_error& error) {
    EXPECT_NE(std::string(error.what()).find("/nonexistent/croft.db"), std::string::npos);
  }
}

TEST(SqliteFile, RefusesAFileThatIsNoDatabase) {
  const auto file = std::filesystem::temp_directory_path() / ("croft-db-" + new_id() + ".db");
  std::ofstream(file) << "this is a text file, long enough to have a header of its own, is it not? "
                         "SQLite wants a hundred bytes before it judges a file.";
  EXPECT_THROW(open_sqlite({.file = file}), std::runtime_error);
  std::filesystem::remove(file);
}

TEST(SqliteFile, ReadersDoNotWaitForAWriter) {
  const auto file = std::filesystem::temp_directory_path() / ("croft-db-" + new_id() + ".db");
  const auto database = open_sqlite({.file = file});
  migrate(*database, "test", kMigrations);
  database->write_now([&](Connection& writer) {
    writer.execute("INSERT INTO things (id, size) VALUES ($1, $2)", {"a", 1});
    const auto seen = database->read_now([](Connection& c) {
      return *c.first("SELECT count(*) FROM things", {},
                      [](const Row& row) { return row.integer(0); });
    });
    EXPECT_EQ(seen, 0);
  });
  std::filesystem::remove(file);
}

}  // namespace croft::db

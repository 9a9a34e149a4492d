// What every engine must do, and what SQLite must do besides.
// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <atomic>
#include <boost/asio/io_context.hpp>
#include <filesystem>
#include <fstream>

#include "base/ids.hpp"
#include "db/migrations.hpp"
#include "db/sqlite.hpp"

namespace croft::db {
namespace {

constexpr Migration kMigrations[] = {
    {1,
     "CREATE TABLE things (id TEXT PRIMARY KEY, size INTEGER, weight DOUBLE PRECISION, data "
     "{bytes}){clustered};"
     "CREATE INDEX things_size ON things (size)"},
    {2, "ALTER TABLE things ADD COLUMN note TEXT"},
};

class DatabaseContract : public testing::TestWithParam<bool> {
 protected:
  void SetUp() override {
    directory_ = std::filesystem::temp_directory_path() / ("croft-db-" + new_id());
    std::filesystem::create_directories(directory_);
    reopen();
    migrate(*database_, "test", kMigrations);
  }
  void TearDown() override {
    database_.reset();
    std::filesystem::remove_all(directory_);
  }
  void reopen() {
    database_.reset();
    database_ = open_sqlite({.file = GetParam() ? ":memory:" : directory_ / "test.db"});
  }
  void put(std::string_view id, int size) {
    database_->write_now([&](Connection& c) {
      c.execute("INSERT INTO things (id, size) VALUES ($1, $2)", {id, size});
    });
  }
  std::int64_t count() {
    return database_->read_now([](Connection& c) {
      return *c.first("SELECT count(*) FROM things", {},
                      [](const Row& row) { return row.integer(0); });
    });
  }

  std::filesystem::path directory_;
  std::unique_ptr<Database> database_;
};

}  // namespace

TEST_P(DatabaseContract, KeepsEveryKindOfValue) {
  const std::byte raw[] = {std::byte{0}, std::byte{255}};
  database_->write_now([&](Connection& c) {
    c.execute("INSERT INTO things (id, size, weight, data, note) VALUES ($1, $2, $3, $4, $5)",
              {"a", std::int64_t{1} << 60, 23.5, Bytes(raw), nullptr});
  });
  database_->read_now([&](Connection& c) {
    c.query("SELECT id, size, weight, data, note FROM things WHERE id = $1", {"a"},
            [&](const Row& row) {
              EXPECT_EQ(row.text(0), "a");
              EXPECT_EQ(row.integer(1), std::int64_t{1} << 60);
              EXPECT_EQ(row.real(2), 23.5);
              EXPECT_EQ(row.bytes(3).size(), 2U);
              EXPECT_EQ(row.bytes(3)[1], std::byte{255});
              EXPECT_TRUE(row.is_null(4));
              EXPECT_EQ(row.maybe_string(4), std::nullopt);
            });
  });
}

TEST_P(DatabaseContract, MatchesParametersByNumberNotByOrder) {
  put("x", 7);
  const auto found = database_->read_now([](Connection& c) {
    return c.first("SELECT id FROM things WHERE size = $2 AND id = $1 AND $2 > 0", {"x", 7},
                   [](const Row& row) { return row.string(0); });
  });
  EXPECT_EQ(found, "x");
}

TEST_P(DatabaseContract, AnswersConflictsWithoutThrowing) {
  put("a", 1);
  const auto changed = database_->write_now([](Connection& c) {
    return c.execute("INSERT INTO things (id, size) VALUES ($1, $2) ON CONFLICT DO NOTHING",
                     {"a", 2});
  });
  EXPECT_EQ(changed, 0);
}

TEST_P(DatabaseContract, ReturnsRowsFromWrites) {
  put("a", 1);
  const auto size = database_->write_now([](Connection& c) {
    return c.first("UPDATE things SET size = size + $1 WHERE id = $2 RETURNING size", {5, "a"},
                   [](const Row& row) { return row.integer(0); });
  });
  EXPECT_EQ(size, 6);
}

TEST_P(DatabaseContract, RollsBackWhenTheWorkThrows) {
  EXPECT_THROW(database_->write_now([](Connection& c) {
    c.execute("INSERT INTO things (id, size) VALUES ($1, $2)", {"a", 1});
    throw std::runtime_error("changed my mind");
  }),
               std::runtime_error);
  EXPECT_EQ(count(), 0);
  put("b", 1);
  EXPECT_EQ(count(), 1);
}

TEST_P(DatabaseContract, CallsOurOwnMistakesByTheirName) {
  EXPECT_THROW(database_->read_now([](Connection& c) { c.execute("SELEKT 1"); }), std::logic_error);
  EXPECT_THROW(database_->read_now([](Connection& c) { c.execute("SELECT $1", {}); }),
               std::logic_error);
}

TEST_P(DatabaseContract, WorksFromTheLoopWithManyAtOnce) {
  asio::io_context loop;
  std::atomic<int> done = 0;
  auto story = [&](int i) -> Task<void> {
    const std::string id = "thing-" + std::to_string(i);
    co_await database_->write([id, i](Connection& c) {
      c.execute("INSERT INTO things (id, size) VALUES ($1, $2)", {id, i});
    });
    const auto size = co_await database_->read([id](Connection& c) {
      return c.first("SELECT size FROM things WHERE id = $1", {id},
                     [](const Row& row) { return row.integer(0); });
    });
    if (size == i) ++done;
  };
  for (int i = 0; i < 50; ++i) spawn(loop.get_executor(), "test", story(i));
  loop.run();
  EXPECT_EQ(done, 50);
}

TEST_P(DatabaseContract, MigratesOnceAndRefusesANewerStore) {
  migrate(*database_, "test", kMigrations);
  put("a", 1);
  EXPECT_EQ(count(), 1);
  const Migration older[] = {{1, "CREATE TABLE never (x INTEGER)"}};
  EXPECT_THROW(migrate(*database_, "test", older), std::runtime_error);
}

INSTANTIATE_TEST_SUITE_P(Sqlite, DatabaseContract, testing::Bool(),
                         [](const auto& is_memory) { return is_memory.param ? "memory" : "file"; });

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

// What every engine must do.
// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <atomic>
#include <boost/asio/io_context.hpp>
#include <filesystem>
#include <thread>

#include "db/migrations.hpp"
#include "db/test_database.hpp"

namespace croft::db {
namespace {

constexpr Migration kMigrations[] = {
    {1,
     "CREATE TABLE things (id TEXT PRIMARY KEY, size BIGINT, weight DOUBLE PRECISION, data "
     "{bytes}){clustered};"
     "CREATE INDEX things_size ON things (size)"},
    {2, "ALTER TABLE things ADD COLUMN note TEXT"},
};

enum class Engine { sqlite_in_memory, sqlite_file, postgres };

std::string name_of(const testing::TestParamInfo<Engine>& engine) {
  constexpr const char* kNames[] = {"SqliteInMemory", "SqliteFile", "Postgres"};
  return kNames[static_cast<int>(engine.param)];
}

class DatabaseContract : public testing::TestWithParam<Engine> {
 protected:
  void SetUp() override {
    directory_ = std::filesystem::temp_directory_path() / ("croft-db-" + new_id());
    std::filesystem::create_directories(directory_);
    if (GetParam() == Engine::postgres) url_ = TestPostgres::shared().fresh();
    database_ = open();
    migrate(*database_, "test", kMigrations);
  }
  void TearDown() override {
    database_.reset();
    std::filesystem::remove_all(directory_);
  }
  std::unique_ptr<Database> open() {
    if (GetParam() == Engine::postgres) return open_postgres({.url = url_});
    const bool in_memory = GetParam() == Engine::sqlite_in_memory;
    return open_sqlite({.file = in_memory ? ":memory:" : directory_ / "test.db"});
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
  std::string url_;
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

TEST_P(DatabaseContract, ComparesTextByItsBytes) {
  for (const auto* id : {"b", "B", "a~", "a0", "\xC3\xA4", "a", "A"}) put(id, 1);
  std::string order;
  database_->read_now([&](Connection& c) {
    c.query("SELECT id FROM things WHERE id > $1 ORDER BY id", {"A"},
            [&](const Row& row) { order += row.string(0) + ' '; });
  });
  EXPECT_EQ(order, "B a a0 a~ b \xC3\xA4 ");
}

TEST_P(DatabaseContract, InsertsManyRowsAndTellsWhichAreNew) {
  const std::string_view words[] = {"one", "", "three"};
  const auto bytes = [](std::string_view text) {
    return Bytes(reinterpret_cast<const std::byte*>(text.data()), text.size());
  };
  std::vector<std::size_t> fresh;
  database_->write_now([&](Connection& c) {
    c.execute("CREATE TABLE pairs (a INTEGER, b BIGINT, data " +
              std::string(database_->bytes_type()) + ", PRIMARY KEY (a, b))");
    c.execute("INSERT INTO pairs (a, b) VALUES (1, $1)", {std::int64_t{-1} << 62});
    const auto note = [&](std::size_t row) { fresh.push_back(row); };
    const Rows rows{.into = "pairs (a, b, data)",
                    .key = "a, b",
                    .on_conflict = "DO NOTHING",
                    .columns = {std::vector<std::int64_t>{2, 1, 2, -3},
                                std::vector<std::int64_t>{7, std::int64_t{-1} << 62, 7, 0},
                                std::vector<Bytes>{bytes(words[0]), bytes(words[0]),
                                                   bytes(words[2]), bytes(words[1])}}};
    c.insert(rows, note);
  });
  EXPECT_EQ(fresh, (std::vector<std::size_t>{0, 3}));
  std::string kept;
  database_->read_now([&](Connection& c) {
    c.query("SELECT a, data FROM pairs WHERE data IS NOT NULL ORDER BY a", {},
            [&](const Row& row) { kept += std::to_string(row.integer(0)) + row.string(1) + ' '; });
  });
  EXPECT_EQ(kept, "-3 2one ");
}

TEST_P(DatabaseContract, InsertsOrReplacesMany) {
  database_->write_now([&](Connection& c) {
    c.execute("CREATE TABLE scores (id BIGINT PRIMARY KEY, score BIGINT)");
    Rows rows{.into = "scores (id, score)",
              .key = "id",
              .on_conflict = "(id) DO UPDATE SET score = excluded.score",
              .columns = {std::vector<std::int64_t>{1, 2}, std::vector<std::int64_t>{10, 20}}};
    c.insert(rows, nullptr);
    rows.columns[1] = std::vector<std::int64_t>{11, 20};
    c.insert(rows, nullptr);
    const auto sum = c.first("SELECT CAST(sum(score) AS BIGINT) FROM scores", {},
                             [](const Row& row) { return row.integer(0); });
    EXPECT_EQ(sum, 31);
  });
}

TEST_P(DatabaseContract, LetsWritersWaitForEachOther) {
  put("count", 0);
  // As another program would; what is in memory, no other program can have.
  const auto apart = open();
  auto& other = GetParam() == Engine::sqlite_in_memory ? *database_ : *apart;
  const auto count_up = [](Database& database) {
    for (int i = 0; i < 50; ++i)
      database.write_now([](Connection& c) {
        const auto size = *c.first("SELECT size FROM things WHERE id = 'count'", {},
                                   [](const Row& row) { return row.integer(0); });
        c.execute("UPDATE things SET size = $1 WHERE id = 'count'", {size + 1});
      });
  };
  std::thread second([&] { count_up(other); });
  count_up(*database_);
  second.join();
  const auto size = database_->read_now([](Connection& c) {
    return c.first("SELECT size FROM things", {}, [](const Row& row) { return row.integer(0); });
  });
  EXPECT_EQ(size, 100);
}

INSTANTIATE_TEST_SUITE_P(Engines, DatabaseContract,
                         testing::Values(Engine::sqlite_in_memory, Engine::sqlite_file,
                                         Engine::postgres),
                         name_of);

}  // namespace croft::db

// What PostgreSQL must do besides: come back after the server went away, say what is not known,
// start together with others.
// SPDX-License-Identifier: Apache-2.0
#include "db/postgres.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>
#include <vector>

#include "db/migrations.hpp"
#include "db/postgres_text.hpp"
#include "db/test_database.hpp"

namespace croft::db {
namespace {

constexpr Migration kMigrations[] = {
    {1, "CREATE TABLE things (id TEXT PRIMARY KEY, size INTEGER, note TEXT)"},
    {2, "ALTER TABLE things ADD COLUMN colour TEXT NOT NULL DEFAULT 'red'"},
    {3, "CREATE INDEX things_size ON things (size)"},
};

class Postgres : public testing::Test {
 protected:
  std::unique_ptr<Database> open() { return open_postgres({.url = url_}); }
  void SetUp() override { migrate(*database_, "test", kMigrations); }

  static void put(Database& database, std::string_view id) {
    database.write_now(
        [&](Connection& c) { c.execute("INSERT INTO things (id, size) VALUES ($1, 1)", {id}); });
  }
  static std::int64_t number(Database& database, std::string_view sql) {
    return database.read_now([&](Connection& c) {
      return *c.first(sql, {}, [](const Row& row) { return row.integer(0); });
    });
  }
  std::int64_t count() { return number(*database_, "SELECT count(*) FROM things"); }

  std::string url_ = TestPostgres::shared().fresh();
  std::unique_ptr<Database> database_ = open();
};

std::int64_t backend(Connection& connection) {
  return *connection.first("SELECT pg_backend_pid()", {},
                           [](const Row& row) { return row.integer(0); });
}

void terminate(Database& by, std::int64_t pid) {
  by.read_now([&](Connection& c) { c.execute("SELECT pg_terminate_backend($1)", {pid}); });
  // The server says so before the other has ended.
  for (bool there = true; there;)
    there = by.read_now([&](Connection& c) {
      return c
          .first("SELECT 1 FROM pg_stat_activity WHERE pid = $1", {pid},
                 [](const Row&) { return true; })
          .has_value();
    });
}

}  // namespace

TEST_F(Postgres, TellsItsVersion) {
  EXPECT_TRUE(database_->engine().starts_with("PostgreSQL 1")) << database_->engine();
  EXPECT_GT(database_->size_bytes(), 1'000'000);
}

TEST_F(Postgres, MigratesOnceWhenManyStartAtOnce) {
  url_ = TestPostgres::shared().fresh();
  std::vector<std::unique_ptr<Database>> replicas(8);
  for (auto& replica : replicas) replica = open();
  std::vector<std::thread> threads;
  std::atomic<int> done = 0;
  for (auto& replica : replicas)
    threads.emplace_back([&] {
      migrate(*replica, "test", kMigrations);
      ++done;
    });
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(done, 8);
  EXPECT_EQ(number(*replicas[0], "SELECT version FROM schema_versions"), 3);
}

TEST_F(Postgres, ComesBackWhenAnIdleConnectionWasLost) {
  const auto other = open();
  const auto writer = database_->write_now(backend);
  const auto reader = database_->read_now(backend);
  terminate(*other, writer);
  terminate(*other, reader);
  EXPECT_EQ(count(), 0);
  put(*database_, "a");
  EXPECT_EQ(count(), 1);
  EXPECT_NE(database_->write_now(backend), writer);
}

TEST_F(Postgres, HasNoEffectWhenTheConnectionIsLostHalfWay) {
  const auto other = open();
  try {
    database_->write_now([&](Connection& c) {
      c.execute("INSERT INTO things (id) VALUES ('lost')");
      terminate(*other, backend(c));
      c.execute("INSERT INTO things (id) VALUES ('lost too')");
    });
    FAIL();
  } catch (const Broken& broken) {
    EXPECT_FALSE(broken.unknown_outcome);
  }
  EXPECT_EQ(count(), 0);
  put(*database_, "a");
  EXPECT_EQ(count(), 1);
}

TEST_F(Postgres, SaysThatTheOutcomeIsUnknownWhenTheCommitIsNotAnswered) {
  const auto other = open();
  try {
    database_->write_now([&](Connection& c) {
      c.execute("INSERT INTO things (id) VALUES ('perhaps')");
      terminate(*other, backend(c));
    });
    FAIL();
  } catch (const Broken& broken) {
    EXPECT_TRUE(broken.unknown_outcome) << broken.what();
  }
}

TEST_F(Postgres, CallsAConstraintCheckedAtTheEndOurOwnMistake) {
  database_->write_now([](Connection& c) {
    c.execute("ALTER TABLE things ADD CONSTRAINT once UNIQUE (note) DEFERRABLE INITIALLY DEFERRED");
  });
  EXPECT_THROW(database_->write_now([](Connection& c) {
    c.execute("INSERT INTO things (id, note) VALUES ('a', 'x'), ('b', 'x')");
  }),
               std::logic_error);
  EXPECT_EQ(count(), 0);
}

TEST_F(Postgres, DoesNotCommitWhenAFailedStatementWasIgnored) {
  EXPECT_THROW(database_->write_now([](Connection& c) {
    c.execute("INSERT INTO things (id) VALUES ('a')");
    try {
      c.execute("SELEKT");
    } catch (const std::logic_error&) {
    }
  }),
               std::logic_error);
  EXPECT_EQ(count(), 0);
}

TEST_F(Postgres, HasNoEffectInADeadlockWithSomebodyElse) {
  put(*database_, "a");
  put(*database_, "b");
  const auto size = [](Connection& c, std::string_view id, int size) {
    c.execute("UPDATE things SET size = $2 WHERE id = $1", {id, size});
  };
  // Croft's writers wait for each other; a person at the database does not.
  const auto other = open();
  std::atomic<int> holding = 0;
  int broken = 0;
  const auto disturb = [&](Connection& c) {
    c.execute("SET TRANSACTION READ WRITE");
    size(c, "b", 7);
    ++holding;
    while (holding < 2) std::this_thread::yield();
    size(c, "a", 7);
  };
  std::thread stranger([&] {
    try {
      other->read_now(disturb);
    } catch (const Broken&) {
      // the server chose this one to give way
    }
  });
  try {
    database_->write_now([&](Connection& c) {
      size(c, "a", 5);
      ++holding;
      while (holding < 2) std::this_thread::yield();
      size(c, "b", 5);
    });
  } catch (const Broken& error) {
    ++broken;
    EXPECT_FALSE(error.unknown_outcome);
    EXPECT_NE(std::string(error.what()).find("deadlock"), std::string::npos) << error.what();
  }
  stranger.join();
  put(*database_, "c");
  const auto sizes = number(*database_, "SELECT min(size) FROM things WHERE id <> 'c'");
  EXPECT_EQ(sizes, broken == 1 ? 7 : 5);
}

TEST_F(Postgres, DoesNotLetAReaderWrite) {
  EXPECT_THROW(
      database_->read_now([](Connection& c) { c.execute("INSERT INTO things (id) VALUES ('a')"); }),
      std::logic_error);
}

TEST_F(Postgres, PutsAReplacementForWhatItCannotStore) {
  using namespace std::string_view_literals;
  database_->write_now([](Connection& c) {
    c.execute("INSERT INTO things (id, note) VALUES ($1, $2)", {"a\0b"sv, "cut \xC3"});
  });
  database_->read_now([](Connection& c) {
    c.query("SELECT id, note FROM things", {}, [](const Row& row) {
      EXPECT_EQ(row.text(0), "a\uFFFDb");
      EXPECT_EQ(row.text(1), "cut \uFFFD");
    });
    EXPECT_TRUE(c.first("SELECT 1 FROM things WHERE id = $1", {"a\0b"sv}, [](const Row&) {
                   return true;
                 }).has_value());
  });
}

TEST(PostgresText, TellsWhatCanBeStored) {
  for (const auto* good : {"", "plain", "\u00E4\u20AC\U0001F331", "\uFFFD"})
    EXPECT_TRUE(storable(good)) << good;
  for (const auto* bad : {"\xFF", "\xC3", "\xC0\xAF", "\xE0\x80\xAF", "\xED\xA0\x80",
                          "\xF0\x80\x80\xAF", "\xF4\x90\x80\x80", "a\x80"})
    EXPECT_FALSE(storable(bad));
  EXPECT_EQ(made_storable("\xE2\x82x"), "\uFFFD\uFFFDx");
}

TEST_F(Postgres, RefusesNumbersThatDoNotFit) {
  EXPECT_THROW(database_->write_now([](Connection& c) {
    c.execute("INSERT INTO things (id, size) VALUES ('a', $1)", {std::int64_t{1} << 40});
  }),
               std::logic_error);
}

TEST_F(Postgres, SortsByBytesWhateverTheDatabaseWasMadeWith) {
  url_ = TestPostgres::shared().fresh({"--template=template0", "--locale=C.UTF-8"});
  database_ = open();
  migrate(*database_, "test", kMigrations);
  for (const auto* id : {"b", "B", "_", "a"}) put(*database_, id);
  const auto collation = database_->read_now([](Connection& c) {
    return *c.first(
        "SELECT CAST(min(collation_name) AS TEXT) FROM information_schema.columns"
        " WHERE table_name = 'things' AND data_type = 'text'",
        {}, [](const Row& row) { return row.string(0); });
  });
  EXPECT_EQ(collation, "C");
}

TEST_F(Postgres, MakesPartsOnceAndDropsThemWhole) {
  const auto other = open();
  const auto month = [](std::string name, std::int64_t from) {
    return Part{"events", std::move(name), from, from + 100};
  };
  database_->write_now([&](Connection& c) {
    c.execute("CREATE TABLE events (device INTEGER, time BIGINT, PRIMARY KEY (device, time))" +
              std::string(database_->by_time()));
    c.make_part(month("2026_01", 100));
    c.make_part(month("2026_02", 200));
    c.execute("INSERT INTO events VALUES (1, 100), (1, 199), (1, 200)");
  });
  EXPECT_THROW(
      other->write_now([](Connection& c) { c.execute("INSERT INTO events VALUES (1, 300)"); }),
      std::logic_error);
  other->write_now([&](Connection& c) {
    c.make_part(month("2026_02", 200));
    c.make_part(month("2026_03", 300));
    c.execute("INSERT INTO events VALUES (1, 300)");
  });
  const auto dropped = database_->write_now(
      [](Connection& c) { return c.drop_parts("events", "2026_02", Connection::Which::all); });
  EXPECT_EQ(dropped, std::vector<std::string>{"events_2026_01"});
  EXPECT_EQ(number(*database_, "SELECT count(*) FROM events"), 2);
  EXPECT_EQ(number(*database_, "SELECT min(time) FROM events"), 200);
}

TEST_F(Postgres, DropsOnlyEmptyPartsWhereThatIsWanted) {
  const auto empty = database_->write_now([&](Connection& c) {
    c.execute("CREATE TABLE events (device INTEGER, time BIGINT, PRIMARY KEY (device, time))" +
              std::string(database_->by_time()));
    for (std::int64_t i = 1; i < 5; ++i)
      c.make_part({"events", "2026_0" + std::to_string(i), i * 100, i * 100 + 100});
    c.execute("INSERT INTO events VALUES (1, 100), (1, 200), (1, 300)");
    c.execute("DELETE FROM events WHERE time = 100 OR time = 300");
    return c.drop_parts("events", "2026_04", Connection::Which::empty);
  });
  EXPECT_EQ(empty, (std::vector<std::string>{"events_2026_01", "events_2026_03"}));
  EXPECT_EQ(number(*database_, "SELECT count(*) FROM events"), 1);
}

}  // namespace croft::db

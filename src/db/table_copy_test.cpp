// Tests of copying tables from a SQLite file to a PostgreSQL.
// SPDX-License-Identifier: Apache-2.0
#include "db/table_copy.hpp"

#include <gtest/gtest.h>

#include "db/test_database.hpp"

namespace croft::db {
namespace {

constexpr int kRows = 10'000;
const auto kUntold = [](std::uint64_t) {};

class TableCopy : public testing::Test {
 protected:
  void SetUp() override {
    source_->write_now([](Connection& c) {
      c.execute("CREATE TABLE people (id TEXT PRIMARY KEY, age INTEGER, height DOUBLE PRECISION)");
      c.execute("CREATE TABLE bits (a BIGINT, b INTEGER, c BLOB NOT NULL, PRIMARY KEY (a, b))");
      c.execute("CREATE TABLE single (n BIGINT NOT NULL)");
      c.execute("INSERT INTO people VALUES ('é', NULL, 1.75), ('Z', -3, NULL), ('a', 7, 0.1)");
      c.execute("INSERT INTO single VALUES (4711)");
      for (std::int64_t i = 0; i < kRows; ++i) {
        const std::byte bytes[] = {std::byte(i % 256), std::byte{0}};
        c.execute("INSERT INTO bits VALUES ($1, $2, $3)", {i / 7 - 500, i % 7, Bytes(bytes)});
      }
    });
    target_->write_now([](Connection& c) {
      c.execute("CREATE TABLE people (id TEXT PRIMARY KEY, age INTEGER, height DOUBLE PRECISION)");
      c.execute("CREATE TABLE bits (a BIGINT, b INTEGER, c BYTEA NOT NULL, PRIMARY KEY (a, b))");
      c.execute("CREATE TABLE single (n BIGINT NOT NULL)");
    });
    tables_ = source_->read_now(tables_of_sqlite);
  }
  void copy(const Table& table, std::uint64_t skip = 0) {
    std::uint64_t last = skip;
    copy_rows(*source_, *target_, table, skip, {}, [&](Connection&, std::uint64_t done) {
      EXPECT_GT(done, last);
      last = done;
    });
  }
  bool same(const Table& table) {
    return content_of(*source_, table, kUntold) == content_of(*target_, table, kUntold);
  }

  std::unique_ptr<Database> source_ = open_sqlite({.file = ":memory:"});
  std::unique_ptr<Database> target_ = open_postgres({.url = TestPostgres::shared().fresh()});
  std::vector<Table> tables_;
};

}  // namespace

TEST_F(TableCopy, KnowsTheTablesOfAFile) {
  ASSERT_EQ(tables_.size(), 3U);
  EXPECT_EQ(tables_[0].name, "people");
  EXPECT_EQ(tables_[0].columns[2].type, Table::Type::real);
  EXPECT_EQ(tables_[1].key, (std::vector<std::size_t>{0, 1}));
  EXPECT_TRUE(tables_[1].only_numbers_and_bytes());
  EXPECT_EQ(tables_[2].key, std::vector<std::size_t>{0});
}

TEST_F(TableCopy, CopiesEveryKindOfValue) {
  for (const auto& table : tables_) {
    copy(table);
    EXPECT_TRUE(same(table)) << table.name;
  }
  EXPECT_EQ(count_rows(*target_, tables_[1]), static_cast<std::uint64_t>(kRows));
}

TEST_F(TableCopy, GoesOnBehindWhatIsThere) {
  const auto& bits = tables_[1];
  copy(bits, 4321);
  EXPECT_EQ(count_rows(*target_, bits), static_cast<std::uint64_t>(kRows - 4321));
  target_->write_now([](Connection& c) { c.execute("DELETE FROM bits"); });
  copy(bits);
  copy(bits, kRows);  // nothing more
  EXPECT_TRUE(same(bits));
}

TEST_F(TableCopy, SeesThatSomethingIsDifferent) {
  for (const auto& table : tables_) copy(table);
  for (const char* change :
       {"UPDATE people SET age = 0 WHERE age IS NULL", "UPDATE people SET height = 0.1000000001",
        "DELETE FROM bits WHERE a = 0", "UPDATE bits SET c = '\\x00' WHERE a = 1 AND b = 1"}) {
    target_->write_now([change](Connection& c) { c.execute(change); });
    EXPECT_FALSE(same(tables_[0]) && same(tables_[1])) << change;
    target_->write_now([](Connection& c) {
      c.execute("DELETE FROM people");
      c.execute("DELETE FROM bits");
    });
    copy(tables_[0]);
    copy(tables_[1]);
    ASSERT_TRUE(same(tables_[0]) && same(tables_[1]));
  }
}

}  // namespace croft::db

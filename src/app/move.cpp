// Table by table; how far it came stands in the target itself.
// SPDX-License-Identifier: Apache-2.0
#include "app/move.hpp"

#include <algorithm>
#include <cinttypes>
#include <cstdio>
#include <stdexcept>

#include "app/progress.hpp"
#include "app/state_dir.hpp"
#include "app/wiring.hpp"
#include "auth/auth.hpp"
#include "command/command_store.hpp"
#include "data/migrations.hpp"
#include "data/month.hpp"
#include "db/migrations.hpp"
#include "db/postgres.hpp"
#include "db/sqlite.hpp"
#include "db/table_copy.hpp"
#include "firmware/image_store.hpp"

namespace croft::app {
namespace {

using db::Connection;
using db::Database;
using db::Table;

constexpr std::string_view kVersions = "schema_versions";

struct Service {
  const char* name;
  std::span<const db::Migration> migrations;
};

std::vector<Service> services() {
  return {{"auth", auth::migrations()},
          {"command", command::commands::migrations()},
          {"data", data::migrations()},
          {"firmware", firmware::images::migrations()}};
}

// Both must have the same tables: those this program makes.
void check_source(Database& source) {
  for (const auto& service : services()) {
    const auto version = source.read_now([&](Connection& connection) {
      return connection
          .first("SELECT version FROM schema_versions WHERE service = $1", {service.name},
                 [](const db::Row& row) { return row.integer(0); })
          .value_or(0);
    });
    if (version != service.migrations.back().version)
      throw std::runtime_error(
          "the embedded database is of another version of Croft; start and stop this one on it "
          "once, then move");
  }
}

std::vector<std::string> tables_in(Database& database) {
  std::vector<std::string> names;
  database.read_now([&](Connection& connection) {
    connection.query(
        "SELECT CAST(tablename AS TEXT) FROM pg_tables WHERE schemaname = current_schema()", {},
        [&](const db::Row& row) { names.push_back(row.string(0)); });
  });
  return names;
}

bool is_under_way(const std::vector<std::string>& tables) {
  return std::ranges::find(tables, "croft_move") != tables.end();
}

// Tables of an empty database; or of one that an earlier move was cut off in.
void prepare_target(Database& source, Database& target, const std::vector<Table>& tables) {
  const auto there = tables_in(target);
  if (!is_under_way(there)) {
    if (!there.empty())
      throw std::runtime_error("the PostgreSQL database is not empty (it has a table " + there[0] +
                               "); croft move wants one that is new");
    target.write_now([](Connection& connection) {
      connection.execute(
          "CREATE TABLE croft_move (name TEXT PRIMARY KEY, done BIGINT NOT NULL,"
          " total BIGINT NOT NULL)");
    });
  }
  const bool prepared = target.read_now([](Connection& connection) {
    return connection.first("SELECT 1 FROM croft_move", {}, [](const db::Row&) { return true; })
        .has_value();
  });
  if (prepared) return;
  for (const auto& service : services()) db::migrate(target, service.name, service.migrations);
  target.write_now([&](Connection& connection) {
    // What migrations put in is in the source, too.
    for (auto table = tables.rbegin(); table != tables.rend(); ++table)
      connection.execute("DELETE FROM " + table->name);
    for (const auto& table : tables)
      connection.execute("INSERT INTO croft_move (name, done, total) VALUES ($1, 0, $2)",
                         {table.name, db::count_rows(source, table)});
  });
}

// How many rows are copied already. What was copied is right only as long as nobody used the
// installation since.
std::uint64_t done_of(Database& target, const Table& table, std::uint64_t all) {
  struct Progressed {
    std::int64_t done, total;
  };
  const auto found = target.read_now([&](Connection& connection) {
    return connection.first(
        "SELECT done, total FROM croft_move WHERE name = $1", {table.name},
        [](const db::Row& row) { return Progressed{row.integer(0), row.integer(1)}; });
  });
  if (!found || found->total != static_cast<std::int64_t>(all))
    throw std::runtime_error("table " + table.name +
                             " is not what it was when the move began; make the PostgreSQL "
                             "database anew and move again");
  return static_cast<std::uint64_t>(found->done);
}

void copy(Database& source, Database& target, const Table& table) {
  const auto all = db::count_rows(source, table);
  const auto done = done_of(target, table, all);
  if (done >= all) return;
  Progress progress("copying " + table.name);
  const bool by_time = table.name == "readings" || table.name == "reading_blocks";
  std::function<db::Part(std::int64_t)> part_of;
  if (by_time) part_of = [&](std::int64_t time) { return data::month_of(table.name, time); };
  db::copy_rows(
      source, target, table, done, part_of, [&](Connection& connection, std::uint64_t rows) {
        connection.execute("UPDATE croft_move SET done = $2 WHERE name = $1", {table.name, rows});
        progress(rows, all);
      });
}

void compare(Database& source, Database& target, const Table& table) {
  const auto all = db::count_rows(source, table);
  Progress here("reading " + table.name), there("comparing " + table.name);
  const auto one = db::content_of(source, table, [&](std::uint64_t rows) { here(rows, all); });
  const auto other = db::content_of(target, table, [&](std::uint64_t rows) { there(rows, all); });
  if (one != other || one.rows != all)
    throw std::runtime_error("table " + table.name + " has " + std::to_string(other.rows) +
                             " rows in PostgreSQL and " + std::to_string(one.rows) +
                             " here, or others; make the PostgreSQL database anew and move again");
  std::printf("%-26s %12" PRIu64 " rows  %016" PRIx64 "\n", table.name.c_str(), one.rows, one.sum);
}

}  // namespace

void move_to(const Config& config, const std::string& url) {
  const auto file = database_file(config, config.state_dir);
  if (!file || *file == ":memory:")
    throw std::runtime_error("database.url names no embedded database; there is nothing to move");
  if (!std::filesystem::exists(*file))
    throw std::runtime_error("there is no database at " + file->string() +
                             "; is --state-dir (state_dir) right?");
  const StateDir held(config.state_dir);  // nobody may run on it meanwhile
  const auto source = db::open_sqlite({.file = *file});
  const auto target = db::open_postgres({.url = url});
  check_source(*source);
  auto tables = source->read_now(db::tables_of_sqlite);
  std::erase_if(tables, [](const Table& table) { return table.name == kVersions; });
  prepare_target(*source, *target, tables);
  for (const auto& table : tables) copy(*source, *target, table);
  for (const auto& table : tables) compare(*source, *target, table);
  target->write_now([](Connection& connection) { connection.execute("DROP TABLE croft_move"); });
  std::printf(
      "moved, and the same on both sides; nothing here was changed. Keep the state directory (its "
      "keys are still needed), set database.url to the PostgreSQL, and start croft serve\n");
}

void refuse_half_moved(Database& database) {
  if (is_under_way(tables_in(database)))
    throw std::runtime_error(
        "a croft move into this PostgreSQL was cut off; call it again, or make the database anew");
}

}  // namespace croft::app

// Runs what is missing of a service's migrations and remembers it in schema_versions.
// SPDX-License-Identifier: Apache-2.0
#include "db/migrations.hpp"

#include <stdexcept>
#include <string>

#include "base/log.hpp"

namespace croft::db {
namespace {

void replace_all(std::string& text, std::string_view what, std::string_view with) {
  for (auto at = text.find(what); at != std::string::npos; at = text.find(what, at + with.size()))
    text.replace(at, what.size(), with);
}

// Runs each statement of a script; scripts hold no ';' inside literals.
void run_script(Connection& connection, std::string_view script) {
  while (!script.empty()) {
    const auto end = script.find(';');
    const auto statement = script.substr(0, end);
    if (statement.find_first_not_of(" \n\t") != std::string_view::npos)
      connection.execute(statement);
    script = end == std::string_view::npos ? "" : script.substr(end + 1);
  }
}

int current_version(Connection& connection, std::string_view service) {
  const auto version =
      connection.first("SELECT version FROM schema_versions WHERE service = $1", {service},
                       [](const Row& row) { return static_cast<int>(row.integer(0)); });
  return version.value_or(0);
}

}  // namespace

void migrate(Database& database, std::string_view service, std::span<const Migration> migrations) {
  database.write_now([](Connection& connection) {
    connection.execute(
        "CREATE TABLE IF NOT EXISTS schema_versions "
        "(service TEXT PRIMARY KEY, version INTEGER NOT NULL)");
  });
  const int newest = migrations.empty() ? 0 : migrations.back().version;
  for (const auto& migration : migrations) {
    std::string script(migration.sql);
    replace_all(script, "{clustered}", database.clustered());
    replace_all(script, "{by_time}", database.by_time());
    replace_all(script, "{bytes}", database.bytes_type());
    replace_all(script, " TEXT", " " + std::string(database.text_type()));
    database.write_now([&](Connection& connection) {
      const int have = current_version(connection, service);
      if (have > newest)
        throw std::runtime_error("the database was made by a newer Croft (" + std::string(service) +
                                 " schema " + std::to_string(have) + ", this program knows " +
                                 std::to_string(newest) + "); install that version or newer");
      if (have >= migration.version) return;
      run_script(connection, script);
      connection.execute(
          "INSERT INTO schema_versions (service, version) VALUES ($1, $2) "
          "ON CONFLICT (service) DO UPDATE SET version = excluded.version",
          {service, migration.version});
      log::debug("db", "migrated", {{"service", service}, {"version", migration.version}});
    });
  }
}

}  // namespace croft::db

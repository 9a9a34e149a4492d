// SQL of leases.
// SPDX-License-Identifier: Apache-2.0
#include "db/lease.hpp"

#include <utility>

namespace croft::db {

Lease::Lease(Database& database, std::string name, std::string holder,
             std::chrono::milliseconds length)
    : database_(database),
      name_(std::move(name)),
      holder_(std::move(holder)),
      length_ms_(length.count()) {}

bool Lease::take() {
  const auto token = database_.write_now([this](Connection& connection) {
    connection.execute(
        "CREATE TABLE IF NOT EXISTS replica_leases (name TEXT PRIMARY KEY, holder TEXT NOT NULL,"
        " token BIGINT NOT NULL, expires BIGINT NOT NULL)");
    return connection.first(
        "INSERT INTO replica_leases (name, holder, token, expires) VALUES ($1, $2, 1,"
        " CAST(extract(epoch FROM clock_timestamp()) * 1000 AS BIGINT) + $3)"
        " ON CONFLICT (name) DO UPDATE SET holder = excluded.holder,"
        " token = replica_leases.token + 1, expires = excluded.expires"
        " WHERE replica_leases.holder = excluded.holder OR replica_leases.expires <="
        " CAST(extract(epoch FROM clock_timestamp()) * 1000 AS BIGINT)"
        " RETURNING token",
        {name_, holder_, length_ms_}, [](const Row& row) { return row.integer(0); });
  });
  if (token) token_ = *token;
  return token.has_value();
}

bool Lease::held(Connection& connection) const {
  if (!taken()) return true;
  return connection
      .first("SELECT 1 FROM replica_leases WHERE name = $1 AND token = $2", {name_, token_.load()},
             [](const Row&) { return true; })
      .has_value();
}

void Lease::renew(Connection& connection) const {
  connection.execute(
      "UPDATE replica_leases SET expires ="
      " CAST(extract(epoch FROM clock_timestamp()) * 1000 AS BIGINT) + $3"
      " WHERE name = $1 AND token = $2",
      {name_, token_.load(), length_ms_});
}

void Lease::give_back(Connection& connection) const {
  connection.execute("UPDATE replica_leases SET expires = 0 WHERE name = $1 AND token = $2",
                     {name_, token_.load()});
}

}  // namespace croft::db

// SQL of the table of Idempotency-Keys.
// SPDX-License-Identifier: Apache-2.0
#include "command/request_key_store.hpp"

namespace croft::command::request_keys {

std::optional<Noted> find(db::Connection& connection, const RequestKey& key, Instant oldest) {
  return connection.first(
      "SELECT made, body_hash FROM command_request_keys"
      " WHERE user_id = $1 AND route = $2 AND request_key = $3 AND created > $4",
      {key.user, key.route, key.key, oldest},
      [](const db::Row& row) { return Noted{row.string(0), row.string(1)}; });
}

bool add(db::Connection& connection, const RequestKey& key, std::string_view made, Instant now,
         Instant oldest) {
  return connection.execute(
             "INSERT INTO command_request_keys"
             " (user_id, route, request_key, body_hash, made, created)"
             " VALUES ($1, $2, $3, $4, $5, $6)"
             " ON CONFLICT (user_id, route, request_key) DO UPDATE"
             " SET body_hash = excluded.body_hash, made = excluded.made,"
             "   created = excluded.created"
             " WHERE command_request_keys.created <= $7",
             {key.user, key.route, key.key, key.body_hash, made, now, oldest}) == 1;
}

std::int64_t forget(db::Connection& connection, Instant oldest, int limit) {
  return connection.execute(
      "DELETE FROM command_request_keys WHERE (user_id, route, request_key) IN"
      " (SELECT user_id, route, request_key FROM command_request_keys"
      " WHERE created <= $1 ORDER BY created LIMIT $2)",
      {oldest, limit});
}

}  // namespace croft::command::request_keys

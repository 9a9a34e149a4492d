// Idempotency-Keys of requests that made something, in the database: SQL and nothing but SQL.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/clock.hpp"
#include "base/ids.hpp"
#include "db/database.hpp"

namespace croft::command {

// One request with a key, told from every other.
struct RequestKey {
  UserId user;
  std::string route;
  std::string key;
  std::string body_hash;
};

namespace request_keys {

inline constexpr std::string_view kMigration =
    "CREATE TABLE command_request_keys ("
    "  user_id TEXT NOT NULL,"
    "  route TEXT NOT NULL,"
    "  request_key TEXT NOT NULL,"
    "  body_hash TEXT NOT NULL,"
    "  made TEXT NOT NULL,"  // id of the command, timed command or trigger
    "  created BIGINT NOT NULL,"
    "  PRIMARY KEY (user_id, route, request_key)){clustered};"
    "CREATE INDEX command_request_keys_created ON command_request_keys (created)";

struct Noted {
  std::string made;
  std::string body_hash;
};
// A key of `oldest` or before is as good as forgotten.
std::optional<Noted> find(db::Connection&, const RequestKey&, Instant oldest);
// False when the key is noted already.
bool add(db::Connection&, const RequestKey&, std::string_view made, Instant now, Instant oldest);
// Deletes at most `limit`; returns how many.
std::int64_t forget(db::Connection&, Instant oldest, int limit);

}  // namespace request_keys
}  // namespace croft::command

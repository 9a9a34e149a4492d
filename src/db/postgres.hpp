// The engine for services of their own and for large installations: PostgreSQL 14 and newer.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>

#include "db/database.hpp"

namespace croft::db {

struct PostgresConfig {
  std::string url;  // postgresql://user:password@host:5432/name?sslmode=verify-full ...
  int readers = 4;
  // A host that does not answer: on connecting, and later in the middle of a statement.
  std::chrono::seconds connect_timeout{5};
  std::chrono::seconds silence_timeout{20};
  // A statement without an answer, whoever it is that keeps the connection open. No statement of
  // Croft's takes nearly as long, and a wait for a lock ends before it.
  std::chrono::seconds answer_timeout{60};
  // Asked at the start of each transaction that writes, inside it; what it throws ends it.
  std::function<void(Connection&)> may_write{};
};

// Does not connect yet; whoever needs a connection gets one, or db::Broken. A lost connection is
// made again when the next work comes. Throws std::runtime_error with one clear line when the URL
// is wrong or libpq is not installed.
//
// Work is never run twice by itself. Writers wait for each other by an advisory lock of the
// database, whichever process they are in, so they cannot get into each other's way.
std::unique_ptr<Database> open_postgres(const PostgresConfig&);

// Blocks until the database takes connections, and says in the log what it waits for. False when
// `stopped` said true, which it is asked ten times a second.
bool wait_until_ready(Database&, const std::function<bool()>& stopped);

}  // namespace croft::db

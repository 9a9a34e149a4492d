// Talks to the server through libpq and judges what it answers.
// SPDX-License-Identifier: Apache-2.0
#include "db/postgres_connection.hpp"

#include <poll.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <stdexcept>

#include "db/postgres_library.hpp"

namespace croft::db {
namespace {

using std::chrono::steady_clock;

constexpr std::size_t kMostStatements = 512;
constexpr int kOldestServer = 140000;
// Held by whoever writes, and by nothing else in the database: "Croft" in ASCII.
constexpr std::string_view kWriting = "289379477620";

// Server and library speak in several lines; a log line is one.
std::string one_line(std::string_view text) {
  std::string out;
  for (const char c : text) out += c == '\n' || c == '\t' ? ' ' : c;
  while (out.ends_with(' ')) out.pop_back();
  return out;
}

std::string_view field(const PGresult* result, int code) {
  const char* text = result != nullptr ? libpq().resultErrorField(result, code) : nullptr;
  return text != nullptr ? text : "";
}

// False when nothing can be read before the deadline.
bool readable(int socket, steady_clock::time_point deadline) {
  for (;;) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - steady_clock::now());
    pollfd waiting{socket, POLLIN, 0};
    const int ready =
        ::poll(&waiting, 1, static_cast<int>(std::max<std::int64_t>(left.count(), 0)));
    if (ready >= 0 || errno != EINTR) return ready != 0;
  }
}

// Syntax, types, constraints: statements of ours that are wrong, whatever the state of the world.
bool is_our_mistake(std::string_view state, Database::Mode mode) {
  if (state == "42501") return false;  // a right is missing: a matter of the set-up
  if (state == "25006") return mode == Database::Mode::read;  // else it is a standby
  if (state == "0A000") return false;  // a table was changed under a prepared statement
  return state.starts_with("42") || state.starts_with("22") || state.starts_with("23") ||
         state.starts_with("21") || state.starts_with("25") || state.starts_with("2D");
}

}  // namespace

void PostgresConnection::Close::operator()(PGconn* handle) const { libpq().finish(handle); }

PostgresConnection::PostgresConnection(const PostgresConfig& config)
    : answer_timeout_(config.answer_timeout) {
  const auto connect = std::to_string(config.connect_timeout.count());
  const auto silence = std::to_string(config.silence_timeout.count() * 1000);
  const auto idle = std::to_string(std::max<std::int64_t>(config.silence_timeout.count() / 2, 1));
  // What stands in the URL comes later and wins.
  const char* const keys[] = {"connect_timeout",  "keepalives_idle",  "keepalives_interval",
                              "keepalives_count", "tcp_user_timeout", "fallback_application_name",
                              "dbname",           "client_encoding",  nullptr};
  const char* const values[] = {
      connect.c_str(), idle.c_str(),       "3",    "3",    silence.c_str(),
      "croft",         config.url.c_str(), "UTF8", nullptr};
  handle_.reset(libpq().connectdbParams(keys, values, 1));
  if (!handle_) throw Broken("there is no memory for a connection to PostgreSQL");
  if (!alive())
    throw Broken("cannot connect to PostgreSQL: " + one_line(libpq().errorMessage(handle_.get())));
  configure(config);
}

void PostgresConnection::configure(const PostgresConfig& config) {
  libpq().setNoticeProcessor(handle_.get(), [](void*, const char*) {}, nullptr);
  if (libpq().serverVersion(handle_.get()) < kOldestServer)
    throw Broken("PostgreSQL " + server_version() + " is too old; Croft needs 14 or newer");
  const char* encoding = libpq().parameterStatus(handle_.get(), "server_encoding");
  if (encoding == nullptr || std::string_view(encoding) != "UTF8")
    throw Broken("the database does not keep text as UTF8; make it with ENCODING 'UTF8'");
  const auto idle = std::to_string(config.silence_timeout.count() / 2 + 1);
  // The server, too, notices when we are gone or hang, and gives up what we hold.
  command(
      "SET synchronous_commit = on; SET lock_timeout = '30s';"
      "SET idle_in_transaction_session_timeout = '60s';"
      "SET client_connection_check_interval = '5s';"
      "SET tcp_keepalives_idle = " +
      idle +
      "; SET tcp_keepalives_interval = 3;"
      "SET tcp_keepalives_count = 3;"
      // Every query of ours is made for an index; a plan for average values may not see it.
      "SET enable_seqscan = off; SET enable_bitmapscan = off; SET jit = off");
}

bool PostgresConnection::alive() const {
  return !silent_ && libpq().status(handle_.get()) == CONNECTION_OK;
}

std::string PostgresConnection::server_version() const {
  const char* version = libpq().parameterStatus(handle_.get(), "server_version");
  const std::string_view text = version != nullptr ? version : "";
  return std::string(text.substr(0, text.find(' ')));
}

std::int64_t PostgresConnection::run(std::string_view sql, std::span<const Param> params,
                                     const OnRow& on_row) {
  const auto& statement = prepare(sql);
  if (params.size() != statement.types.size())
    throw std::logic_error("wrong number of parameters: " + std::string(sql));
  Arguments arguments;
  for (std::size_t i = 0; i < params.size(); ++i)
    arguments.add(params[i].value(), statement.types[i]);
  const auto result = perform(statement, arguments, sql);
  const int rows = libpq().ntuples(result.get());
  AnswerRow row(result.get());
  for (int i = 0; on_row && i < rows; ++i) {
    row.move_to(i);
    on_row(row);
  }
  const std::string_view what = libpq().cmdStatus(result.get());
  if (what.starts_with("SELECT")) return 0;
  const std::string_view changed = libpq().cmdTuples(result.get());
  std::int64_t count = 0;
  std::from_chars(changed.data(), changed.data() + changed.size(), count);
  return count;
}

// One statement with an array for each column. What it returns are keys of rows that went in, in
// the order of the arrays as a rule, so that the search for each is one step.
void PostgresConnection::insert(const Rows& rows, const std::function<void(std::size_t)>& on_new) {
  std::string sql = "INSERT INTO " + std::string(rows.into) + " SELECT * FROM unnest(";
  Arguments arguments;
  for (std::size_t i = 0; i < rows.columns.size(); ++i) {
    const bool whole = std::holds_alternative<std::vector<std::int64_t>>(rows.columns[i]);
    sql += (i > 0 ? ", $" : "$") + std::to_string(i + 1) + (whole ? "::bigint[]" : "::bytea[]");
    arguments.add(rows.columns[i]);
  }
  sql += ") ON CONFLICT " + std::string(rows.on_conflict) + " RETURNING " + std::string(rows.key);
  const auto result = perform(prepare(sql), arguments, sql);
  if (!on_new) return;

  const int keys = libpq().nfields(result.get());
  const auto count = std::get<std::vector<std::int64_t>>(rows.columns.at(0)).size();
  AnswerRow row(result.get());
  const auto is_here = [&](std::size_t i) {
    for (int key = 0; key < keys; ++key) {
      const auto& column =
          std::get<std::vector<std::int64_t>>(rows.columns.at(static_cast<std::size_t>(key)));
      if (column[i] != row.integer(key)) return false;
    }
    return true;
  };
  std::size_t at = 0;
  for (int i = 0; i < libpq().ntuples(result.get()); ++i) {
    row.move_to(i);
    std::size_t steps = 0;
    for (; steps < count && !is_here(at); ++steps) at = at + 1 < count ? at + 1 : 0;
    if (steps == count) throw std::logic_error("an inserted row has a key nobody gave: " + sql);
    on_new(at);
    at = at + 1 < count ? at + 1 : 0;
  }
}

// Made apart and then attached, which disturbs neither readers nor writers nor a backup.
void PostgresConnection::make_part(const Part& part) {
  const auto name = std::string(part.table) + "_" + part.name;
  const bool there = first("SELECT to_regclass($1) IS NOT NULL", {name}, [](const Row& row) {
                       return row.integer(0) != 0;
                     }).value_or(false);
  if (there) return;
  command("CREATE TABLE " + name + " (LIKE " + std::string(part.table) +
          " INCLUDING DEFAULTS INCLUDING CONSTRAINTS)");
  command("ALTER TABLE " + std::string(part.table) + " ATTACH PARTITION " + name +
          " FOR VALUES FROM (" + std::to_string(part.from) + ") TO (" +
          std::to_string(part.before) + ")");
}

// Waits only for a moment: everybody else waits behind whoever wants to drop.
std::vector<std::string> PostgresConnection::drop_parts(std::string_view table,
                                                        std::string_view name, Which which) {
  std::vector<std::string> dropped;
  query(
      "SELECT CAST(part.relname AS TEXT) FROM pg_inherits"
      " JOIN pg_class part ON part.oid = inhrelid"
      " WHERE inhparent = CAST(CAST($1 AS TEXT) AS regclass)"
      " AND CAST(part.relname AS TEXT) COLLATE \"C\" < $2 ORDER BY 1",
      {table, std::string(table) + "_" + std::string(name)},
      [&](const Row& row) { dropped.push_back(row.string(0)); });
  // An index steps over what was deleted, and only indexes are used here (configure()).
  if (which == Which::empty) {
    std::erase_if(dropped, [&](const std::string& part) {
      const auto sql = "SELECT 1 FROM " + part + " LIMIT 1";
      const auto result = execute_now(sql.c_str());
      check(result.get(), sql);
      return libpq().ntuples(result.get()) > 0;
    });
  }
  if (dropped.empty()) return dropped;
  command("SET LOCAL lock_timeout = '1s'");
  for (const auto& part : dropped) command("DROP TABLE " + part);
  return dropped;
}

std::int64_t PostgresConnection::store_bytes() {
  return *first("SELECT pg_database_size(current_database())", {},
                [](const Row& row) { return row.integer(0); });
}

void PostgresConnection::begin(Database::Mode mode) {
  mode_ = mode;
  if (mode == Database::Mode::read)
    command("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY");
  else
    // Who is stopped in the middle of writing must not hold up the others for long.
    command(
        "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE;"
        "SET LOCAL idle_in_transaction_session_timeout = '10s'; SELECT pg_advisory_xact_lock(" +
        std::string(kWriting) + ")");
}

void PostgresConnection::commit() {
  const auto result = execute_now("COMMIT");
  if (result && libpq().resultStatus(result.get()) == PGRES_COMMAND_OK) {
    if (std::string_view(libpq().cmdStatus(result.get())) == "COMMIT") return;
    throw std::logic_error("SQL: a statement had failed, and yet the work went on");
  }
  // A refusal from a server that goes on talking means no; silence and farewells can mean anything.
  const bool refused = alive() && libpq().transactionStatus(handle_.get()) == PQTRANS_IDLE &&
                       field(result.get(), PG_DIAG_SEVERITY_NONLOCALIZED) == "ERROR";
  if (!refused) throw Broken("the connection was lost while committing: " + trouble(), true);
  fail(result.get(), "COMMIT");
}

void PostgresConnection::roll_back() noexcept {
  if (!alive()) return;
  execute_now("ROLLBACK");
}

Result PostgresConnection::answer(int was_sent) {
  const auto deadline = steady_clock::now() + answer_timeout_;
  Result said;
  while (was_sent != 0) {
    while (libpq().isBusy(handle_.get()) != 0) {
      if (!readable(libpq().socket(handle_.get()), deadline)) {
        silent_ = true;
        return nullptr;
      }
      if (libpq().consumeInput(handle_.get()) == 0) break;  // lost: getResult says so
    }
    Result next(libpq().getResult(handle_.get()));
    if (!next) break;
    if (!said || libpq().resultStatus(said.get()) != PGRES_FATAL_ERROR) said = std::move(next);
  }
  return said;
}

Result PostgresConnection::execute_now(const char* sql) {
  return answer(libpq().sendQuery(handle_.get(), sql));
}

std::string PostgresConnection::trouble() const {
  if (silent_)
    return "no answer for " + std::to_string(answer_timeout_.count()) +
           " s, though the connection is open";
  return one_line(libpq().errorMessage(handle_.get()));
}

void PostgresConnection::command(const std::string& sql) {
  const auto result = execute_now(sql.c_str());
  check(result.get(), sql);
}

// The server says what types it expects, so one text takes what SQLite takes.
const PostgresConnection::Statement& PostgresConnection::prepare(std::string_view sql) {
  if (const auto found = statements_.find(sql); found != statements_.end()) return found->second;
  if (statements_.size() >= kMostStatements) {
    command("DEALLOCATE ALL");
    statements_.clear();
  }
  const std::string text(sql);
  Statement statement{"s" + std::to_string(++prepared_), {}};
  const char* name = statement.name.c_str();
  const auto prepared = answer(libpq().sendPrepare(handle_.get(), name, text.c_str(), 0, nullptr));
  check(prepared.get(), sql);
  const auto described = answer(libpq().sendDescribePrepared(handle_.get(), name));
  check(described.get(), sql);
  for (int i = 0; i < libpq().nparams(described.get()); ++i)
    statement.types.push_back(libpq().paramtype(described.get(), i));
  return statements_.emplace(text, std::move(statement)).first->second;
}

Result PostgresConnection::perform(const Statement& statement, Arguments& arguments,
                                   std::string_view sql) {
  constexpr int kBinary = 1;
  auto result = answer(libpq().sendQueryPrepared(
      handle_.get(), statement.name.c_str(), arguments.count(), arguments.values(),
      arguments.lengths(), arguments.formats(), kBinary));
  check(result.get(), sql);
  return result;
}

void PostgresConnection::check(const PGresult* result, std::string_view doing) {
  const auto status = result != nullptr ? libpq().resultStatus(result) : PGRES_FATAL_ERROR;
  if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK) fail(result, doing);
}

void PostgresConnection::fail(const PGresult* result, std::string_view doing) {
  const auto state = field(result, PG_DIAG_SQLSTATE);
  auto words = field(result, PG_DIAG_MESSAGE_PRIMARY);
  const auto others = words.empty() ? trouble() : std::string();
  if (words.empty()) words = others;
  if (alive() && is_our_mistake(state, mode_))
    throw std::logic_error("SQL: " + std::string(doing) + ": " + one_line(words));
  throw Broken("PostgreSQL: " + one_line(words) +
               (state.empty() ? "" : " (" + std::string(state) + ")"));
}

}  // namespace croft::db

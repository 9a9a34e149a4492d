// SQLite behind the face: exactly one connection writes and checkpoints, others read.
// SPDX-License-Identifier: Apache-2.0
#include "db/sqlite.hpp"

#include <pthread.h>
#include <sqlite3.h>
#include <unistd.h>

#include <mutex>
#include <unordered_map>
#include <vector>

#include "base/log.hpp"

namespace croft::db {
namespace {

// A full disk, a lost file: the world. A broken constraint or a typing error: our own mistake.
[[noreturn]] void throw_error(sqlite3* handle, int code, std::string_view doing) {
  const std::string text = std::string(doing) + ": " +
                           (handle != nullptr ? sqlite3_errmsg(handle) : sqlite3_errstr(code));
  const int primary = code & 0xFF;
  if (primary == SQLITE_CONSTRAINT || primary == SQLITE_ERROR || primary == SQLITE_MISUSE ||
      primary == SQLITE_RANGE || primary == SQLITE_MISMATCH)
    throw std::logic_error("SQL: " + text);
  throw Broken(text);
}

class Statement final : public Row {
 public:
  Statement(sqlite3* handle, std::string_view sql) : handle_(handle) {
    const int code = sqlite3_prepare_v3(handle, sql.data(), static_cast<int>(sql.size()),
                                        SQLITE_PREPARE_PERSISTENT, &statement_, nullptr);
    if (code != SQLITE_OK) throw_error(handle, code, sql);
    // $1 is a name to SQLite, numbered by first appearance; positions_ maps back.
    const int count = sqlite3_bind_parameter_count(statement_);
    for (int i = 1; i <= count; ++i) {
      const auto name = "$" + std::to_string(i);
      positions_.push_back(sqlite3_bind_parameter_index(statement_, name.c_str()));
    }
  }
  Statement(const Statement&) = delete;
  Statement& operator=(const Statement&) = delete;
  ~Statement() override { sqlite3_finalize(statement_); }

  std::int64_t run(std::span<const Param> params, const OnRow& on_row) {
    bind(params);
    int code = SQLITE_ROW;
    try {
      while ((code = sqlite3_step(statement_)) == SQLITE_ROW)
        if (on_row) on_row(*this);
    } catch (...) {
      sqlite3_reset(statement_);
      throw;
    }
    // Errors must be read before reset forgets them.
    if (code != SQLITE_DONE) {
      try {
        throw_error(handle_, code, sqlite3_sql(statement_));
      } catch (...) {
        sqlite3_reset(statement_);
        throw;
      }
    }
    const auto changed = sqlite3_stmt_readonly(statement_) != 0 ? 0 : sqlite3_changes64(handle_);
    sqlite3_reset(statement_);
    return changed;
  }

  bool is_null(int column) const override {
    return sqlite3_column_type(statement_, column) == SQLITE_NULL;
  }
  std::int64_t integer(int column) const override {
    return sqlite3_column_int64(statement_, column);
  }
  double real(int column) const override { return sqlite3_column_double(statement_, column); }
  std::string_view text(int column) const override {
    const auto* text = reinterpret_cast<const char*>(sqlite3_column_text(statement_, column));
    return {text, static_cast<std::size_t>(sqlite3_column_bytes(statement_, column))};
  }
  Bytes bytes(int column) const override {
    const auto* bytes = static_cast<const std::byte*>(sqlite3_column_blob(statement_, column));
    return {bytes, static_cast<std::size_t>(sqlite3_column_bytes(statement_, column))};
  }

 private:
  void bind(std::span<const Param> params) {
    if (params.size() != positions_.size())
      throw std::logic_error(std::string("wrong number of parameters: ") + sqlite3_sql(statement_));
    for (std::size_t i = 0; i < params.size(); ++i) bind_one(positions_[i], params[i].value());
  }
  void bind_one(int at, const Param::Value& value) {
    struct Visitor {
      sqlite3_stmt* statement;
      int at;
      int operator()(std::monostate) const { return sqlite3_bind_null(statement, at); }
      int operator()(std::int64_t number) const {
        return sqlite3_bind_int64(statement, at, number);
      }
      int operator()(double number) const { return sqlite3_bind_double(statement, at, number); }
      // The views live until run() returns, and so does the binding's use.
      int operator()(std::string_view text) const {
        return sqlite3_bind_text64(statement, at, text.data() != nullptr ? text.data() : "",
                                   text.size(), SQLITE_STATIC, SQLITE_UTF8);
      }
      int operator()(Bytes bytes) const {
        if (bytes.empty()) return sqlite3_bind_zeroblob(statement, at, 0);
        return sqlite3_bind_blob64(statement, at, bytes.data(), bytes.size(), SQLITE_STATIC);
      }
    };
    const int code = std::visit(Visitor{statement_, at}, value);
    if (code != SQLITE_OK) throw_error(handle_, code, "binding a parameter");
  }

  sqlite3* handle_;
  sqlite3_stmt* statement_ = nullptr;
  std::vector<int> positions_;
};

struct TextHash {
  using is_transparent = void;
  std::size_t operator()(std::string_view text) const {
    return std::hash<std::string_view>{}(text);
  }
};

class SqliteConnection final : public Connection {
 public:
  SqliteConnection(const SqliteConfig& config, bool writes) {
    const int flags = SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_READWRITE |
                      (writes ? SQLITE_OPEN_CREATE : 0) | SQLITE_OPEN_EXRESCODE;
    const int code = sqlite3_open_v2(config.file.c_str(), &handle_, flags, nullptr);
    if (code != SQLITE_OK) {
      const std::string why = sqlite3_errmsg(handle_);
      sqlite3_close_v2(handle_);
      throw Broken("cannot open the database " + config.file.string() + ": " + why);
    }
    sqlite3_busy_timeout(handle_, 5000);
    try {
      configure(config, writes);
    } catch (...) {  // a constructor that throws is not destroyed
      sqlite3_close_v2(handle_);
      throw;
    }
  }
  SqliteConnection(const SqliteConnection&) = delete;
  SqliteConnection& operator=(const SqliteConnection&) = delete;
  ~SqliteConnection() override {
    statements_.clear();
    sqlite3_close_v2(handle_);
  }

  std::int64_t run(std::string_view sql, std::span<const Param> params,
                   const OnRow& on_row) override {
    auto found = statements_.find(sql);
    if (found == statements_.end()) {
      if (statements_.size() >= kMostStatements) statements_.clear();
      found =
          statements_.emplace(std::string(sql), std::make_unique<Statement>(handle_, sql)).first;
    }
    return found->second->run(params, on_row);
  }

  // One prepared statement a row costs the same here as many rows a statement.
  void insert(const Rows& rows, const std::function<void(std::size_t)>& on_new) override {
    std::string sql = "INSERT INTO " + std::string(rows.into) + " VALUES (";
    for (std::size_t i = 1; i <= rows.columns.size(); ++i)
      sql += (i > 1 ? ", $" : "$") + std::to_string(i);
    sql += ") ON CONFLICT " + std::string(rows.on_conflict);
    const auto count = std::visit([](const auto& list) { return list.size(); }, rows.columns.at(0));
    std::vector<Param> params(rows.columns.size(), nullptr);
    for (std::size_t i = 0; i < count; ++i) {
      for (std::size_t column = 0; column < params.size(); ++column)
        params[column] =
            std::visit([i](const auto& list) { return Param(list.at(i)); }, rows.columns[column]);
      if (run(sql, params, nullptr) > 0 && on_new) on_new(i);
    }
  }
  void make_part(const Part&) override {}
  std::vector<std::string> drop_parts(std::string_view, std::string_view, Which) override {
    return {};
  }
  std::int64_t store_bytes() override {
    const auto value = [this](std::string_view sql) {
      return *first(sql, {}, [](const Row& row) { return row.integer(0); });
    };
    return (value("PRAGMA page_count") - value("PRAGMA freelist_count")) *
           value("PRAGMA page_size");
  }

 private:
  static constexpr std::size_t kMostStatements = 256;

  void configure(const SqliteConfig& config, bool writes) {
    const int cache_kb = config.cache_mb * 1024 / (writes ? 1 : 4);
    execute_raw("PRAGMA temp_store = MEMORY");
    execute_raw("PRAGMA cache_size = -" + std::to_string(cache_kb));
    if (!writes) {
      execute_raw("PRAGMA query_only = ON");
      // SQLite before 3.51.3 can corrupt a WAL that two connections check-point at once: readers
      // never do.
      sqlite3_db_config(handle_, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
      execute_raw("PRAGMA wal_autocheckpoint = 0");
      return;
    }
    execute_raw("PRAGMA journal_mode = WAL");
    execute_raw("PRAGMA synchronous = FULL");  // NORMAL forgets commits when the power fails
    // Debian's default writes zeros over every page that is given back. What is deleted within a
    // page is still gone at once.
    execute_raw("PRAGMA secure_delete = FAST");
    execute_raw("PRAGMA journal_size_limit = 67108864");
  }
  void execute_raw(const std::string& sql) {
    char* message = nullptr;
    const int code = sqlite3_exec(handle_, sql.c_str(), nullptr, nullptr, &message);
    if (code == SQLITE_OK) return;
    const std::string why = message != nullptr ? message : sqlite3_errstr(code);
    sqlite3_free(message);
    throw Broken("preparing the database failed: " + why);
  }

  sqlite3* handle_ = nullptr;
  std::unordered_map<std::string, std::unique_ptr<Statement>, TextHash, std::equal_to<>>
      statements_;
};

// Not the main thread, whose name is the process's: it does the first steps of a start itself.
void name_thread(const char* name) {
  thread_local bool named = false;
  if (named || ::gettid() == ::getpid()) return;
  pthread_setname_np(pthread_self(), name);
  named = true;
}

class Sqlite final : public Database {
 public:
  explicit Sqlite(const SqliteConfig& config)
      : config_(config),
        in_memory_(config.file == ":memory:"),
        reader_pool_(static_cast<std::size_t>(config.readers)),
        writer_pool_(1) {
    writer_ = std::make_unique<SqliteConnection>(config_, true);
  }
  ~Sqlite() override {
    reader_pool_.join();
    writer_pool_.join();
  }

  std::string_view clustered() const override { return " WITHOUT ROWID"; }
  std::string_view by_time() const override { return clustered(); }
  std::string_view bytes_type() const override { return "BLOB"; }
  std::string_view text_type() const override { return "TEXT"; }
  std::string_view engine() const override {
    static const std::string name = std::string("SQLite ") + sqlite3_libversion();
    return name;
  }

 protected:
  asio::thread_pool& readers() override { return reader_pool_; }
  asio::thread_pool& writer() override { return writer_pool_; }

  void with_connection(Mode mode, const std::function<void(Connection&)>& work) override {
    if (mode == Mode::write || in_memory_) {
      const std::lock_guard lock(writer_mutex_);
      if (mode == Mode::write) name_thread("croft-writer");
      if (!writer_) writer_ = std::make_unique<SqliteConnection>(config_, true);
      in_transaction(writer_, mode, work);
      return;
    }
    name_thread("croft-reader");
    auto connection = take_reader();
    in_transaction(connection, mode, work);
    const std::lock_guard lock(readers_mutex_);
    idle_readers_.push_back(std::move(connection));
  }

 private:
  // On Broken the connection is thrown away: after a failed fsync its pages can't be trusted.
  void in_transaction(std::unique_ptr<SqliteConnection>& connection, Mode mode,
                      const std::function<void(Connection&)>& work) {
    bool committing = false;
    try {
      connection->execute(mode == Mode::write ? "BEGIN IMMEDIATE" : "BEGIN");
      work(*connection);
      committing = true;
      connection->execute("COMMIT");
    } catch (const Broken& broken) {
      roll_back(*connection);
      if (!in_memory_) connection.reset();
      if (committing && mode == Mode::write) throw Broken(broken.what(), true);
      throw;
    } catch (...) {
      roll_back(*connection);
      throw;
    }
  }
  static void roll_back(SqliteConnection& connection) {
    try {
      connection.execute("ROLLBACK");
    } catch (const std::exception&) {
      // SQLite had rolled back by itself, or BEGIN never came through.
    }
  }
  std::unique_ptr<SqliteConnection> take_reader() {
    {
      const std::lock_guard lock(readers_mutex_);
      if (!idle_readers_.empty()) {
        auto connection = std::move(idle_readers_.back());
        idle_readers_.pop_back();
        return connection;
      }
    }
    return std::make_unique<SqliteConnection>(config_, false);
  }

  SqliteConfig config_;
  bool in_memory_;
  std::mutex writer_mutex_;
  std::unique_ptr<SqliteConnection> writer_;
  std::mutex readers_mutex_;
  std::vector<std::unique_ptr<SqliteConnection>> idle_readers_;
  asio::thread_pool reader_pool_;
  asio::thread_pool writer_pool_;
};

}  // namespace

std::unique_ptr<Database> open_sqlite(const SqliteConfig& config) {
  try {
    return std::make_unique<Sqlite>(config);
  } catch (const Broken& broken) {
    throw std::runtime_error(broken.what());
  }
}

}  // namespace croft::db

// One face for two engines: connections, rows, transactions, and a pool that keeps SQL off the
// loop.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <memory>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/clock.hpp"
#include "base/ids.hpp"
#include "base/result.hpp"
#include "base/task.hpp"

namespace croft::db {

using Bytes = std::span<const std::byte>;

// A parameter of a statement; text and bytes are only viewed and must outlive the call.
class Param {
 public:
  Param(std::nullptr_t) {}
  Param(std::nullopt_t) {}
  Param(std::string_view text) : value_(text) {}
  Param(const std::string& text) : value_(std::string_view(text)) {}
  Param(const char* text) : value_(std::string_view(text)) {}
  Param(Bytes bytes) : value_(bytes) {}
  Param(double number) : value_(number) {}
  Param(Instant at) : value_(to_ms(at)) {}
  template <class Int>
    requires std::is_integral_v<Int>
  Param(Int number) : value_(static_cast<std::int64_t>(number)) {}
  template <class T>
  Param(const std::optional<T>& maybe) {
    if (maybe) value_ = Param(*maybe).value_;
  }
  template <class Tag>
  Param(const Id<Tag>& id);

  using Value = std::variant<std::monostate, std::int64_t, double, std::string_view, Bytes>;
  const Value& value() const { return value_; }

 private:
  Value value_;
};
using Params = std::initializer_list<Param>;

// One row of an answer, valid only inside the callback that received it. Columns count from 0.
class Row {
 public:
  virtual ~Row() = default;
  virtual bool is_null(int column) const = 0;
  virtual std::int64_t integer(int column) const = 0;
  virtual double real(int column) const = 0;
  virtual std::string_view text(int column) const = 0;
  virtual Bytes bytes(int column) const = 0;

  std::string string(int column) const { return std::string(text(column)); }
  Instant instant(int column) const { return instant_from_ms(integer(column)); }
  std::optional<Instant> maybe_instant(int column) const;
  std::optional<std::string> maybe_string(int column) const;
  std::optional<std::int64_t> maybe_integer(int column) const;
};

// The store is gone or refuses to work (disk full, connection lost): a broken world, not an answer.
// After it, the transaction has had no effect, or its outcome is unknown: `unknown_outcome`.
class Broken : public Unavailable {
 public:
  explicit Broken(const std::string& what, bool unknown_outcome = false)
      : Unavailable(what), unknown_outcome(unknown_outcome) {}
  bool unknown_outcome;
};

using OnRow = std::function<void(const Row&)>;

// Rows for one table, column by column, each column as long as the others.
using Column = std::variant<std::vector<std::int64_t>, std::vector<Bytes>>;
struct Rows {
  std::string_view into;         // "things (id, part, data)"
  std::string_view key;          // "id, part": the leading columns, whole numbers and unique
  std::string_view on_conflict;  // "DO NOTHING"
  std::vector<Column> columns;
};

// A part of a table that is kept in parts by its column `time` (see Database::by_time): the rows
// with from <= time < before. Names of one table's parts sort as their times do.
struct Part {
  std::string_view table;
  std::string name;  // "2026_11"
  std::int64_t from;
  std::int64_t before;
};

// A session with the engine; belongs to one worker thread at a time. Statements use $1, $2, ... and
// one text serves every engine; they are prepared once and kept by their text, so `sql` should be a
// literal, not glued together. Unique violations are asked about with ON CONFLICT, so every failure
// that throws is Broken or our own mistake (std::logic_error).
class Connection {
 public:
  virtual ~Connection() = default;
  // Calls `on_row` for each row of the answer; returns how many rows were changed.
  virtual std::int64_t run(std::string_view sql, std::span<const Param> params,
                           const OnRow& on_row) = 0;

  std::int64_t execute(std::string_view sql, Params params = {}) {
    return run(sql, {params.begin(), params.size()}, nullptr);
  }
  void query(std::string_view sql, Params params, const OnRow& on_row) {
    run(sql, {params.begin(), params.size()}, on_row);
  }
  // Many rows in the way that is fastest on this engine. Calls `on_new` with the index of each row
  // that went in; of rows with one key in one call, it is the first.
  virtual void insert(const Rows& rows, const std::function<void(std::size_t)>& on_new) = 0;

  // A row without its part has no place to go; where the engine knows no parts, nothing happens.
  virtual void make_part(const Part& part) = 0;
  // Drops the parts of `table` whose names sort before `name`, with all their rows; returns their
  // names. Nothing where the engine knows no parts.
  enum class Which { all, empty };
  virtual std::vector<std::string> drop_parts(std::string_view table, std::string_view name,
                                              Which which) = 0;
  // Bytes that the whole store takes, as the engine tells it, less those it would use again.
  virtual std::int64_t store_bytes() = 0;

  // Maps the first row; nothing when there was none.
  template <class F>
  auto first(std::string_view sql, Params params, F map)
      -> std::optional<std::invoke_result_t<F, const Row&>> {
    std::optional<std::invoke_result_t<F, const Row&>> found;
    query(sql, params, [&](const Row& row) {
      if (!found) found = map(row);
    });
    return found;
  }
};

// A database with its worker threads. read() and write() are called on the loop, run `work` on a
// worker with a connection of its own, and come back to the loop with its result.
class Database {
 public:
  virtual ~Database() = default;

  // `work(Connection&)` sees one consistent state. It must not write.
  template <class F>
  Task<std::invoke_result_t<F, Connection&>> read(F work) {
    using R = std::invoke_result_t<F, Connection&>;
    co_return co_await dispatch<R>(readers(), Mode::read, std::move(work));
  }
  // `work(Connection&)` is one transaction: committed and on disk when this returns, rolled back
  // when it throws. Writers wait for each other, those of other processes too; make work short.
  template <class F>
  Task<std::invoke_result_t<F, Connection&>> write(F work) {
    using R = std::invoke_result_t<F, Connection&>;
    co_return co_await dispatch<R>(writer(), Mode::write, std::move(work));
  }

  // The same without a loop, for start-up and the command line; blocks the calling thread.
  template <class F>
  std::invoke_result_t<F, Connection&> write_now(F work) {
    return in_connection<std::invoke_result_t<F, Connection&>>(Mode::write, work);
  }
  template <class F>
  std::invoke_result_t<F, Connection&> read_now(F work) {
    return in_connection<std::invoke_result_t<F, Connection&>>(Mode::read, work);
  }

  // Where the engines differ, by name. Text for the end of CREATE TABLE of a table stored in the
  // order of its primary key: " WITHOUT ROWID" on SQLite, "" elsewhere.
  virtual std::string_view clustered() const = 0;
  // The same for a table that is also kept in parts by its column `time`, where the engine can drop
  // such parts cheaply.
  virtual std::string_view by_time() const = 0;
  // The engine's word for a column of bytes: "BLOB" or "BYTEA".
  virtual std::string_view bytes_type() const = 0;
  // For text that is compared and sorted by its bytes: "TEXT", or that with a collation.
  virtual std::string_view text_type() const = 0;
  virtual std::string_view engine() const = 0;  // "SQLite 3.40.1", for people
  // Connection::store_bytes() by a connection of its own; blocks.
  std::int64_t size_bytes() {
    return read_now([](Connection& connection) { return connection.store_bytes(); });
  }

  enum class Mode { read, write };

 protected:
  virtual asio::thread_pool& readers() = 0;
  virtual asio::thread_pool& writer() = 0;
  // Calls `work` with a connection on the calling thread; in Mode::write inside BEGIN ... COMMIT.
  virtual void with_connection(Mode, const std::function<void(Connection&)>& work) = 0;

 private:
  template <class R, class F>
  R in_connection(Mode mode, F& work) {
    if constexpr (std::is_void_v<R>) {
      with_connection(mode, [&](Connection& c) { work(c); });
    } else {
      std::optional<R> result;
      with_connection(mode, [&](Connection& c) { result.emplace(work(c)); });
      return std::move(*result);
    }
  }
  template <class R, class F>
  Task<R> dispatch(asio::thread_pool& pool, Mode mode, F work) {
    auto job = [this, mode, work = std::move(work)]() mutable -> R {
      return in_connection<R>(mode, work);
    };
    co_return co_await on_pool(pool, std::move(job));
  }
};

template <class Tag>
Param::Param(const Id<Tag>& id) : value_(std::string_view(id.str())) {}

}  // namespace croft::db

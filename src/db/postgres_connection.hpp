// One connection to a PostgreSQL server: prepared statements, and errors put into our words.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "db/postgres.hpp"
#include "db/postgres_values.hpp"

namespace croft::db {

class PostgresConnection final : public Connection {
 public:
  // Blocks until connected. Throws Broken when that does not succeed.
  explicit PostgresConnection(const PostgresConfig&);

  std::int64_t run(std::string_view sql, std::span<const Param> params,
                   const OnRow& on_row) override;
  void insert(const Rows& rows, const std::function<void(std::size_t)>& on_new) override;
  void make_part(const Part& part) override;
  std::vector<std::string> drop_parts(std::string_view table, std::string_view name,
                                      Which which) override;
  std::int64_t store_bytes() override;

  // A reader sees one state of everything; a writer has the database's writing to itself.
  void begin(Database::Mode);
  // Throws Broken with unknown_outcome when nobody can say whether it is committed.
  void commit();
  void roll_back() noexcept;
  // Whether the server is still at the other end, as far as is known.
  bool alive() const;

  std::string server_version() const;  // "15.8"

 private:
  struct Close {
    void operator()(PGconn*) const;
  };
  struct Statement {
    std::string name;
    std::vector<Oid> types;  // of its parameters
  };
  struct TextHash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const {
      return std::hash<std::string_view>{}(text);
    }
  };

  void configure(const PostgresConfig&);
  // What the server says to what was sent: the last result, or the first that is an error. Nothing
  // when it does not come in time; then the connection is given up.
  Result answer(int was_sent);
  Result execute_now(const char* sql);
  void command(const std::string& sql);
  const Statement& prepare(std::string_view sql);
  Result perform(const Statement&, Arguments&, std::string_view sql);
  // Throws unless the result is a success.
  void check(const PGresult*, std::string_view doing);
  [[noreturn]] void fail(const PGresult*, std::string_view doing);
  std::string trouble() const;

  std::unique_ptr<PGconn, Close> handle_;
  std::chrono::seconds answer_timeout_;
  bool silent_ = false;  // did not answer in time
  Database::Mode mode_ = Database::Mode::read;
  std::uint64_t prepared_ = 0;
  std::unordered_map<std::string, Statement, TextHash, std::equal_to<>> statements_;
};

}  // namespace croft::db

// Copies tables from one engine to another, row by row, and tells whether both hold the same.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "db/database.hpp"

namespace croft::db {

struct Table {
  enum class Type { integer, real, text, bytes };
  struct Column {
    std::string name;
    Type type;
  };

  std::string name;
  std::vector<Column> columns;
  std::vector<std::size_t> key;  // of the primary key, the places of its columns; at least one

  bool only_numbers_and_bytes() const;
};

// The tables of a SQLite file in the order of their making, so that each stands behind those it
// refers to. One without a primary key has its first column for one.
std::vector<Table> tables_of_sqlite(Connection&);

// How much a table holds: its rows, and a sum over all of them that tells whether two tables hold
// the same, in whatever order.
struct Content {
  std::uint64_t rows = 0;
  std::uint64_t sum = 0;

  bool operator==(const Content&) const = default;
};
// A piece at a time, so that memory stays bounded; `read` is told how many rows there were so far.
Content content_of(Database&, const Table&, const std::function<void(std::uint64_t)>& read);
std::uint64_t count_rows(Database&, const Table&);

// Appends the rows of `from` behind the first `skip` to the table of the same name of `to`, in
// transactions of some thousand rows. Each also calls `in_transaction` with how many rows are
// there then. A table by time gets the parts that `part_of` names.
void copy_rows(Database& from, Database& to, const Table&, std::uint64_t skip,
               const std::function<Part(std::int64_t time)>& part_of,
               const std::function<void(Connection&, std::uint64_t)>& in_transaction);

}  // namespace croft::db

// Walks tables in the order of their keys.
// SPDX-License-Identifier: Apache-2.0
#include "db/table_copy.hpp"

#include <algorithm>
#include <optional>
#include <stdexcept>
#include <variant>

namespace croft::db {
namespace {

constexpr std::size_t kRowsOfPiece = 4000;
constexpr std::size_t kBytesOfPiece = 8 << 20;

// A value that outlives its row.
using Value =
    std::variant<std::monostate, std::int64_t, double, std::string, std::vector<std::byte>>;
using Values = std::vector<Value>;

Value value_of(const Row& row, int column, Table::Type type) {
  if (row.is_null(column)) return {};
  if (type == Table::Type::integer) return row.integer(column);
  if (type == Table::Type::real) return row.real(column);
  if (type == Table::Type::text) return row.string(column);
  const auto bytes = row.bytes(column);
  return std::vector<std::byte>(bytes.begin(), bytes.end());
}

Param param_of(const Value& value) {
  if (const auto* number = std::get_if<std::int64_t>(&value)) return *number;
  if (const auto* number = std::get_if<double>(&value)) return *number;
  if (const auto* text = std::get_if<std::string>(&value)) return std::string_view(*text);
  if (const auto* bytes = std::get_if<std::vector<std::byte>>(&value)) return Bytes(*bytes);
  return nullptr;
}

std::size_t size_of(const Value& value) {
  if (const auto* text = std::get_if<std::string>(&value)) return text->size();
  if (const auto* bytes = std::get_if<std::vector<std::byte>>(&value)) return bytes->size();
  return 8;
}

std::string names(const Table& table, const std::vector<std::size_t>& which) {
  std::string list;
  for (const auto i : which) list += (list.empty() ? "" : ", ") + table.columns[i].name;
  return list;
}

std::string all_names(const Table& table) {
  std::vector<std::size_t> all(table.columns.size());
  for (std::size_t i = 0; i < all.size(); ++i) all[i] = i;
  return names(table, all);
}

Table::Type type_named(std::string_view declared) {
  if (declared == "INTEGER" || declared == "BIGINT") return Table::Type::integer;
  if (declared == "TEXT") return Table::Type::text;
  return declared == "BLOB" ? Table::Type::bytes : Table::Type::real;
}

// "$1, $2, $3"
std::string numbers(std::size_t count) {
  std::string list;
  for (std::size_t i = 1; i <= count; ++i) list += (i > 1 ? ", $" : "$") + std::to_string(i);
  return list;
}

// Reads a table piece by piece, each behind the key of the last row of the one before.
class Walk {
 public:
  Walk(Database& database, const Table& table) : database_(database), table_(table) {}

  // Empty at the end.
  std::vector<Values> next(std::uint64_t skip = 0) {
    std::vector<Values> rows;
    std::size_t bytes = 0;
    const auto limit = "$" + std::to_string(last_.size() + 1);
    const auto offset = "$" + std::to_string(last_.size() + 2);
    const auto sql = "SELECT " + all_names(table_) + " FROM " + table_.name + where() +
                     " ORDER BY " + names(table_, table_.key) + " LIMIT " + limit + " OFFSET " +
                     offset;
    std::vector<Param> params;
    for (const auto& value : last_) params.push_back(param_of(value));
    params.emplace_back(limit_);
    params.emplace_back(skip);
    database_.read_now([&](Connection& connection) {
      connection.run(sql, params, [&](const Row& row) {
        Values values;
        for (std::size_t i = 0; i < table_.columns.size(); ++i)
          values.push_back(value_of(row, static_cast<int>(i), table_.columns[i].type));
        for (const auto& value : values) bytes += size_of(value);
        rows.push_back(std::move(values));
      });
    });
    if (!rows.empty()) {
      last_.clear();
      for (const auto i : table_.key) last_.push_back(rows.back()[i]);
      // Large rows are taken fewer at a time.
      limit_ = std::clamp(kBytesOfPiece * rows.size() / std::max<std::size_t>(bytes, 1),
                          std::size_t{16}, kRowsOfPiece);
    }
    return rows;
  }

 private:
  std::string where() const {
    if (last_.empty()) return "";
    return " WHERE (" + names(table_, table_.key) + ") > (" + numbers(last_.size()) + ")";
  }

  Database& database_;
  const Table& table_;
  std::size_t limit_ = 256;
  Values last_;
};

// FNV-1a over what the values are, not over how an engine keeps them.
std::uint64_t hash_of(const Values& values) {
  std::uint64_t hash = 0xcbf29ce484222325U;
  const auto mix = [&](const void* data, std::size_t size) {
    for (std::size_t i = 0; i < size; ++i)
      hash = (hash ^ static_cast<const unsigned char*>(data)[i]) * 0x100000001b3U;
  };
  for (const auto& value : values) {
    const auto kind = static_cast<unsigned char>(value.index());
    const std::uint64_t size = size_of(value);
    mix(&kind, 1);
    mix(&size, sizeof size);
    if (const auto* number = std::get_if<std::int64_t>(&value)) mix(number, sizeof *number);
    if (const auto* number = std::get_if<double>(&value)) mix(number, sizeof *number);
    if (const auto* text = std::get_if<std::string>(&value)) mix(text->data(), text->size());
    if (const auto* bytes = std::get_if<std::vector<std::byte>>(&value))
      mix(bytes->data(), bytes->size());
  }
  return hash;
}

bool has_null(const std::vector<Values>& rows) {
  return std::ranges::any_of(rows, [](const Values& values) {
    return std::ranges::any_of(values, [](const Value& v) { return v.index() == 0; });
  });
}

void insert_columns(Connection& connection, const Table& table, const std::vector<Values>& rows) {
  std::vector<Column> columns;
  for (std::size_t i = 0; i < table.columns.size(); ++i) {
    if (table.columns[i].type == Table::Type::integer) {
      std::vector<std::int64_t> column;
      for (const auto& values : rows) column.push_back(std::get<std::int64_t>(values[i]));
      columns.emplace_back(std::move(column));
    } else {
      std::vector<Bytes> column;
      for (const auto& values : rows)
        column.emplace_back(std::get<std::vector<std::byte>>(values[i]));
      columns.emplace_back(std::move(column));
    }
  }
  const auto into = table.name + " (" + all_names(table) + ")";
  const auto key = names(table, table.key);
  connection.insert(
      {.into = into, .key = key, .on_conflict = "DO NOTHING", .columns = std::move(columns)},
      nullptr);
}

void insert_rows(Connection& connection, const Table& table, const std::vector<Values>& rows) {
  const auto sql = "INSERT INTO " + table.name + " (" + all_names(table) + ") VALUES (" +
                   numbers(table.columns.size()) + ")";
  for (const auto& values : rows) {
    std::vector<Param> params;
    for (const auto& value : values) params.push_back(param_of(value));
    connection.run(sql, params, nullptr);
  }
}

void make_parts(Connection& connection, const Table& table, const std::vector<Values>& rows,
                const std::function<Part(std::int64_t)>& part_of) {
  const auto time = std::ranges::find(table.columns, "time", &Table::Column::name);
  const auto at = static_cast<std::size_t>(time - table.columns.begin());
  std::optional<Part> part;
  for (const auto& values : rows) {
    const auto time_ms = std::get<std::int64_t>(values[at]);
    if (part && part->from <= time_ms && time_ms < part->before) continue;
    part = part_of(time_ms);
    connection.make_part(*part);
  }
}

}  // namespace

bool Table::only_numbers_and_bytes() const {
  return std::ranges::all_of(
      columns, [](const Column& c) { return c.type == Type::integer || c.type == Type::bytes; });
}

std::vector<Table> tables_of_sqlite(Connection& connection) {
  std::vector<Table> tables;
  connection.query(
      "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
      " ORDER BY rowid",
      {}, [&](const Row& row) { tables.push_back({row.string(0), {}, {}}); });
  for (auto& table : tables) {
    std::vector<std::pair<std::int64_t, std::size_t>> key;
    connection.query("SELECT name, type, pk FROM pragma_table_info($1) ORDER BY cid", {table.name},
                     [&](const Row& row) {
                       if (row.integer(2) > 0)
                         key.emplace_back(row.integer(2), table.columns.size());
                       table.columns.push_back({row.string(0), type_named(row.text(1))});
                     });
    std::ranges::sort(key);
    for (const auto& [order, column] : key) table.key.push_back(column);
    if (table.key.empty()) table.key.push_back(0);
  }
  return tables;
}

std::uint64_t count_rows(Database& database, const Table& table) {
  return database.read_now([&](Connection& connection) {
    const auto count = connection.first("SELECT COUNT(*) FROM " + table.name, {},
                                        [](const Row& row) { return row.integer(0); });
    return static_cast<std::uint64_t>(count.value_or(0));
  });
}

Content content_of(Database& database, const Table& table,
                   const std::function<void(std::uint64_t)>& read) {
  Content content;
  Walk walk(database, table);
  for (auto rows = walk.next(); !rows.empty(); rows = walk.next()) {
    for (const auto& values : rows) content.sum += hash_of(values);
    content.rows += rows.size();
    read(content.rows);
  }
  return content;
}

void copy_rows(Database& from, Database& to, const Table& table, std::uint64_t skip,
               const std::function<Part(std::int64_t)>& part_of,
               const std::function<void(Connection&, std::uint64_t)>& in_transaction) {
  Walk walk(from, table);
  auto done = skip;
  for (auto rows = walk.next(skip); !rows.empty(); rows = walk.next()) {
    done += rows.size();
    to.write_now([&](Connection& connection) {
      if (part_of) make_parts(connection, table, rows, part_of);
      if (table.only_numbers_and_bytes() && !has_null(rows))
        insert_columns(connection, table, rows);
      else
        insert_rows(connection, table, rows);
      in_transaction(connection, done);
    });
  }
}

}  // namespace croft::db

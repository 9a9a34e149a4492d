// Values as PostgreSQL's binary protocol has them, to the server and back.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <libpq-fe.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "db/database.hpp"

namespace croft::db {

// The parameters of one statement. Views that were added must outlive it.
class Arguments {
 public:
  // `type` is what the server expects there; a value that does not fit is a std::logic_error.
  void add(const Param::Value&, Oid type);
  // One array of all the column's values.
  void add(const Column&);

  int count() const { return static_cast<int>(slots_.size()); }
  // Valid until the next add().
  const char* const* values();
  const int* lengths() const { return lengths_.data(); }
  const int* formats();

 private:
  struct Slot {
    const char* outside = nullptr;  // or at `offset` of own_
    std::size_t offset = 0;
    bool null = false;
  };
  void view(std::string_view bytes);
  void keep(std::string_view bytes);
  void add_integer(std::int64_t, Oid);
  void add_real(double, Oid);
  void add_text(std::string_view, Oid);

  std::string own_;
  std::vector<Slot> slots_;
  std::vector<int> lengths_;
  std::vector<const char*> values_;
  std::vector<int> formats_;
};

struct ClearResult {
  void operator()(PGresult*) const;
};
using Result = std::unique_ptr<PGresult, ClearResult>;

// A row of an answer in binary form.
class AnswerRow final : public Row {
 public:
  explicit AnswerRow(const PGresult* result) : result_(result) {}
  void move_to(int row) { row_ = row; }

  bool is_null(int column) const override;
  std::int64_t integer(int column) const override;
  double real(int column) const override;
  std::string_view text(int column) const override;
  Bytes bytes(int column) const override;

 private:
  std::string_view raw(int column) const;

  const PGresult* result_;
  int row_ = 0;
};

}  // namespace croft::db

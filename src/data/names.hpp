// The names of measurements by their ids, as the readers of the store need them.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "data/reading_store.hpp"

namespace croft::data {

// Ids never change their name, so an old table is never wrong, only short. Safe from any thread.
class Names {
 public:
  using Table = std::vector<std::string>;  // by id; "" where there is none

  std::shared_ptr<const Table> table() const;
  // Reads the whole table anew, for a job that met an id it does not know.
  std::shared_ptr<const Table> reload(ReadingStore&);

 private:
  mutable std::mutex mutex_;
  std::shared_ptr<const Table> table_ = std::make_shared<const Table>();
};

// One job's view of the names; asks the store when it meets a new id.
class NameLookup {
 public:
  NameLookup(Names& names, ReadingStore& store)
      : names_(names), store_(store), table_(names.table()) {}

  // nullptr when the store has no such measurement.
  const std::string* find(std::uint32_t id);

 private:
  Names& names_;
  ReadingStore& store_;
  std::shared_ptr<const Names::Table> table_;
};

}  // namespace croft::data

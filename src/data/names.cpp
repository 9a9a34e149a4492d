// A table of measurements' names, shared by the reading workers.
// SPDX-License-Identifier: Apache-2.0
#include "data/names.hpp"

namespace croft::data {

std::shared_ptr<const Names::Table> Names::table() const {
  const std::lock_guard lock(mutex_);
  return table_;
}

std::shared_ptr<const Names::Table> Names::reload(ReadingStore& store) {
  auto fresh = std::make_shared<Table>();
  store.each_measurement([&](std::uint32_t id, std::string_view name) {
    if (id >= fresh->size()) fresh->resize(id + 1);
    (*fresh)[id] = name;
  });
  const std::lock_guard lock(mutex_);
  if (fresh->size() >= table_->size()) table_ = fresh;
  return table_;
}

const std::string* NameLookup::find(std::uint32_t id) {
  const auto known = [&] { return id < table_->size() && !(*table_)[id].empty(); };
  if (!known()) table_ = names_.reload(store_);
  return known() ? &(*table_)[id] : nullptr;
}

}  // namespace croft::data

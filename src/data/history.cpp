// Readings in the order of time, whether they are rows or packed: what is asked for is walked block
// by block, with the rows that lie beside each.
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <functional>
#include <limits>
#include <ranges>

#include "data/block_store.hpp"
#include "data/month.hpp"
#include "data/reading_store.hpp"

namespace croft::data {
namespace {

constexpr auto kLeastKey = std::numeric_limits<std::int64_t>::min();
constexpr auto kMostKey = std::numeric_limits<std::int64_t>::max();

std::int64_t month_start(std::int64_t time_ms) { return month_of("reading_blocks", time_ms).from; }

Place in_front_of(const Place& place) {
  if (place.key == kLeastKey) return {place.time_ms - 1, kMostKey};
  return {place.time_ms, place.key - 1};
}

// Rows that outlive the callback they were given to.
class Rows {
 public:
  void add(const StoredReading& row) { held_.push_back({row, std::string(row.values)}); }
  std::size_t size() const { return held_.size(); }
  Place place(std::size_t i) const { return {held_[i].row.time_ms, held_[i].row.key}; }
  StoredReading reading(std::size_t i) const {
    auto reading = held_[i].row;
    reading.values = held_[i].values;
    return reading;
  }

 private:
  struct Held {
    StoredReading row;
    std::string values;
  };
  std::vector<Held> held_;
};

// Gives out readings until there are enough.
class Giver {
 public:
  Giver(std::int64_t device, std::size_t limit, const ReadingStore::OnReading& on_reading)
      : device_(device), left_(limit), on_reading_(on_reading) {}

  std::size_t left() const { return left_; }
  void give(const StoredReading& reading) {
    --left_;
    on_reading_(reading);
  }
  void give(const Rows& rows) {
    for (std::size_t i = 0; i < rows.size() && left_ > 0; ++i) give(rows.reading(i));
  }
  // Both in one order; a reading that is in both is given once. `of_block` are indexes.
  template <class Indexes, class Order>
  void merge(const Rows& rows, const Block& block, const Indexes& of_block, Order is_before) {
    std::size_t row = 0;
    for (const std::size_t i : of_block) {
      const auto place = block.place(i);
      for (; row < rows.size() && is_before(rows.place(row), place) && left_ > 0; ++row)
        give(rows.reading(row));
      if (left_ == 0) return;
      if (row < rows.size() && rows.place(row) == place) ++row;
      give(block.reading(i, device_, values_));
    }
    for (; row < rows.size() && left_ > 0; ++row) give(rows.reading(row));
  }

 private:
  std::int64_t device_;
  std::size_t left_;
  const ReadingStore::OnReading& on_reading_;
  std::string values_;
};

}  // namespace

void ReadingStore::forward(std::int64_t device, const Place& after, std::int64_t before_ms,
                           std::size_t limit, const OnReading& on_reading) {
  BlockStore blocks(connection_);
  Giver giver(device, limit, on_reading);
  auto at = after;
  auto span = blocks.last_until(device, at, month_start(at.time_ms));
  if (!span || span->last <= at) span = blocks.next(device, at, before_ms);
  while (span && giver.left() > 0) {
    Rows rows;
    const auto end = std::min(before_ms, span->last.time_ms + 1);
    rows_forward(device, at, end, giver.left(), [&](const StoredReading& row) {
      if (Place{row.time_ms, row.key} <= span->last) rows.add(row);
    });
    const bool enough = rows.size() == giver.left() && rows.place(rows.size() - 1) < span->first;
    const auto block = enough ? std::nullopt : blocks.load(device, *span);
    if (block) {
      const auto first = block->find(at) + (block->contains(at) ? 1 : 0);
      const auto beyond = std::max(first, block->find({end, kLeastKey}));
      giver.merge(rows, *block, std::views::iota(first, beyond), std::less<>());
    } else {
      giver.give(rows);
    }
    at = span->last;
    span = blocks.next(device, at, before_ms);
  }
  if (giver.left() > 0) rows_forward(device, at, before_ms, giver.left(), on_reading);
}

void ReadingStore::backward(std::int64_t device, const Place& before, std::int64_t from_ms,
                            std::size_t limit, const OnReading& on_reading) {
  BlockStore blocks(connection_);
  Giver giver(device, limit, on_reading);
  auto at = before;
  const auto next = [&] {
    return blocks.last_until(device, in_front_of(at), month_start(from_ms));
  };
  for (auto span = next(); span && span->last.time_ms >= from_ms && giver.left() > 0;
       span = next()) {
    Rows rows;
    const auto begin = std::max(from_ms, span->first.time_ms);
    rows_backward(device, at, begin, giver.left(), [&](const StoredReading& row) {
      if (Place{row.time_ms, row.key} >= span->first) rows.add(row);
    });
    const bool enough = rows.size() == giver.left() && rows.place(rows.size() - 1) > span->last;
    const auto block = enough ? std::nullopt : blocks.load(device, *span);
    if (block) {
      const auto beyond = block->find(at);
      const auto first = std::min(beyond, block->find({begin, kLeastKey}));
      giver.merge(rows, *block, std::views::iota(first, beyond) | std::views::reverse,
                  std::greater<>());
    } else {
      giver.give(rows);
    }
    at = span->first;
  }
  if (giver.left() > 0) rows_backward(device, at, from_ms, giver.left(), on_reading);
}

std::optional<std::int64_t> ReadingStore::first_time(std::int64_t device) {
  const Place begin{-1, kMostKey};
  std::optional<std::int64_t> first;
  rows_forward(device, begin, kMostKey, 1, [&](const StoredReading& row) { first = row.time_ms; });
  if (const auto block = BlockStore(connection_).next(device, begin, kMostKey))
    first = std::min(first.value_or(block->first.time_ms), block->first.time_ms);
  return first;
}

bool ReadingStore::is_packed(std::int64_t device, const Place& place) {
  BlockStore blocks(connection_);
  const auto span = blocks.last_until(device, place, month_start(place.time_ms));
  if (!span || span->last < place) return false;
  const auto block = blocks.load(device, *span);
  return block && block->contains(place);
}

}  // namespace croft::data

// One block is rewritten at a time, as a leaf of a tree is.
// SPDX-License-Identifier: Apache-2.0
#include "data/packing.hpp"

#include <algorithm>
#include <deque>
#include <limits>
#include <string>
#include <vector>

#include "base/log.hpp"
#include "data/block_store.hpp"
#include "data/month.hpp"
#include "data/value_codec.hpp"

namespace croft::data {
namespace {

constexpr std::int64_t kSlackMs = 86'400'000;  // a block is not rewritten for less than a day
constexpr auto kMostKey = std::numeric_limits<std::int64_t>::max();

// Readings that own their values.
class Gathered {
 public:
  void add(const StoredReading& reading) {
    auto& values = values_.emplace_back(reading.values);
    readings_.push_back(reading);
    readings_.back().values = values;
  }
  // In order, a reading that is there twice once.
  std::vector<StoredReading> sorted() const {
    auto sorted = readings_;
    const auto place = [](const StoredReading& r) { return Place{r.time_ms, r.key}; };
    std::ranges::sort(sorted, {}, place);
    const auto twice = std::ranges::unique(sorted, {}, place);
    sorted.erase(twice.begin(), twice.end());
    return sorted;
  }
  std::span<const StoredReading> all() const { return readings_; }

 private:
  std::vector<StoredReading> readings_;
  std::deque<std::string> values_;  // stay where they are
};

Place place_of(const StoredReading& reading) { return {reading.time_ms, reading.key}; }

// As few blocks as can be; false when there is a damaged reading among them.
bool encode(std::span<const StoredReading> readings,
            std::vector<std::pair<BlockSpan, std::string>>& blocks) {
  while (!readings.empty()) {
    const auto part = readings.first(std::min(readings.size(), Block::kMost));
    auto text = Block::encode(part);
    if (!text) return false;
    blocks.push_back({{place_of(part.front()), place_of(part.back())}, std::move(*text)});
    readings = readings.subspan(part.size());
  }
  return true;
}

// The rows of one month, at most Block::kMost, that lie in front of the next block.
Gathered gather(db::Connection& connection, std::int64_t device, std::int64_t from_ms,
                std::int64_t before_ms) {
  ReadingStore store(connection);
  Gathered rows;
  const Place from{from_ms - 1, kMostKey};
  std::optional<Place> first;
  store.rows_forward(device, from, before_ms, 1,
                     [&](const StoredReading& row) { first = place_of(row); });
  if (!first) return rows;
  const auto month_end = month_of("reading_blocks", first->time_ms).before;
  const auto next = BlockStore(connection).next(device, *first, month_end);
  store.rows_forward(device, from, std::min(before_ms, month_end), Block::kMost,
                     [&](const StoredReading& row) {
                       if (!next || place_of(row) < next->first) rows.add(row);
                     });
  return rows;
}

// Puts these readings into the place of a block, in which they lie.
void replace(db::Connection& connection, std::int64_t device, const BlockSpan& span,
             std::span<const StoredReading> readings) {
  BlockStore blocks(connection);
  std::vector<std::pair<BlockSpan, std::string>> made;
  if (!encode(readings, made)) return;  // it stays as it is
  blocks.remove(device, span);
  for (const auto& [at, text] : made) blocks.put(device, at, text);
}

// The values but for one measurement; false when nothing is left of them.
bool leave_out(std::string_view values, std::uint32_t measurement, std::string& thinned) {
  ValueReader in(values);
  std::vector<CodedValue> kept;
  bool had = false;
  for (CodedValue value; in.next(value);) {
    had = had || value.measurement == measurement;
    if (value.measurement != measurement) kept.push_back(value);
  }
  thinned.clear();
  encode_values(thinned, in.server_time(), kept);
  return !had || !kept.empty();
}

}  // namespace

PackStep pack_some(db::Connection& connection, std::int64_t device, std::int64_t from_ms,
                   std::int64_t before_ms) {
  const auto rows = gather(connection, device, from_ms, before_ms);
  if (rows.all().empty()) return {0, before_ms};
  const auto first = place_of(rows.all().front()), last = place_of(rows.all().back());

  BlockStore blocks(connection);
  Gathered merged;
  const auto month = month_of("reading_blocks", first.time_ms);
  const auto span = blocks.last_until(device, first, month.from);
  const auto block = span ? blocks.load(device, *span) : std::nullopt;
  const bool joins = block && (block->size() < Block::kMost || first <= block->last());
  std::string values;
  for (std::size_t i = 0; joins && i < block->size(); ++i)
    merged.add(block->reading(i, device, values));
  for (const auto& row : rows.all()) merged.add(row);

  std::vector<std::pair<BlockSpan, std::string>> made;
  if ((span && !block) || !encode(merged.sorted(), made)) {
    log::error("data", "readings are damaged and stay as they are; run croft doctor",
               {{"device_number", device}, {"time_ms", first.time_ms}});
    return {rows.all().size(), last.time_ms + 1};
  }
  if (joins) blocks.remove(device, *span);
  for (const auto& [at, text] : made) blocks.put(device, at, text);
  ReadingStore(connection).delete_rows(device, first, last);
  return {rows.all().size(), last.time_ms};
}

void trim_before(db::Connection& connection, std::int64_t device, std::int64_t before_ms) {
  BlockStore blocks(connection);
  const Place cut{before_ms, std::numeric_limits<std::int64_t>::min()};
  const auto span = blocks.last_until(device, cut, month_of("reading_blocks", before_ms).from);
  if (!span || span->last < cut || span->first.time_ms >= before_ms - kSlackMs) return;
  const auto block = blocks.load(device, *span);
  if (!block) return;
  Gathered kept;
  std::string values;
  for (auto i = block->find(cut); i < block->size(); ++i)
    kept.add(block->reading(i, device, values));
  replace(connection, device, *span, kept.all());
}

bool thin_some(db::Connection& connection, std::int64_t device, std::uint32_t measurement,
               Place& at, std::int64_t before_ms, std::size_t limit) {
  BlockStore blocks(connection);
  for (std::size_t i = 0; i < limit; ++i) {
    const auto span = blocks.next(device, at, before_ms);
    if (!span) return false;
    at = span->last;
    const auto block = span->last.time_ms < before_ms ? blocks.load(device, *span) : std::nullopt;
    if (!block || !block->has(measurement)) continue;
    Gathered kept;
    std::string values, thinned;
    for (std::size_t j = 0; j < block->size(); ++j) {
      auto reading = block->reading(j, device, values);
      if (!leave_out(reading.values, measurement, thinned)) continue;
      reading.values = thinned;
      kept.add(reading);
    }
    replace(connection, device, *span, kept.all());
  }
  return true;
}

}  // namespace croft::data

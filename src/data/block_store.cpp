// Statements about blocks of readings.
// SPDX-License-Identifier: Apache-2.0
#include "data/block_store.hpp"

#include "base/log.hpp"
#include "data/month.hpp"

namespace croft::data {
namespace {

BlockSpan span_of(const db::Row& row) {
  return {{row.integer(0), row.integer(1)}, {row.integer(2), row.integer(3)}};
}

}  // namespace

std::optional<BlockSpan> BlockStore::last_until(std::int64_t device, const Place& at,
                                                std::int64_t from_ms) {
  return connection_.first(
      "SELECT time, key, last_time, last_key FROM reading_blocks"
      " WHERE device = $1 AND (time, key) <= ($2, $3) AND time <= $2 AND time >= $4"
      " ORDER BY time DESC, key DESC LIMIT 1",
      {device, at.time_ms, at.key, from_ms}, span_of);
}

std::optional<BlockSpan> BlockStore::next(std::int64_t device, const Place& after,
                                          std::int64_t before_ms) {
  return connection_.first(
      "SELECT time, key, last_time, last_key FROM reading_blocks"
      " WHERE device = $1 AND (time, key) > ($2, $3) AND time >= $2 AND time < $4"
      " ORDER BY time, key LIMIT 1",
      {device, after.time_ms, after.key, before_ms}, span_of);
}

std::optional<Block> BlockStore::load(std::int64_t device, const BlockSpan& at) {
  auto block = connection_.first(
      "SELECT block FROM reading_blocks WHERE device = $1 AND time = $2 AND key = $3",
      {device, at.first.time_ms, at.first.key}, [](const db::Row& row) {
        const auto bytes = row.bytes(0);
        return Block::decode({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
      });
  if (block && *block) return std::move(*block);
  log::error("data", "packed readings are damaged and not shown; run croft doctor",
             {{"device_number", device}, {"time_ms", at.first.time_ms}});
  return std::nullopt;
}

void BlockStore::put(std::int64_t device, const BlockSpan& at, std::string_view block) {
  connection_.make_part(month_of("reading_blocks", at.first.time_ms));
  connection_.execute(
      "INSERT INTO reading_blocks (device, time, key, last_time, last_key, block)"
      " VALUES ($1, $2, $3, $4, $5, $6)",
      {device, at.first.time_ms, at.first.key, at.last.time_ms, at.last.key,
       db::Bytes(reinterpret_cast<const std::byte*>(block.data()), block.size())});
}

void BlockStore::remove(std::int64_t device, const BlockSpan& at) {
  connection_.execute("DELETE FROM reading_blocks WHERE device = $1 AND time = $2 AND key = $3",
                      {device, at.first.time_ms, at.first.key});
}

bool BlockStore::delete_before(std::int64_t device, std::int64_t before_ms, std::size_t limit) {
  const auto deleted = connection_.execute(
      "DELETE FROM reading_blocks WHERE device = $1 AND (time, key) IN"
      " (SELECT time, key FROM reading_blocks WHERE device = $1 AND time < $2 AND last_time < $2"
      " ORDER BY time, key LIMIT $3)",
      {device, before_ms, limit});
  return deleted == static_cast<std::int64_t>(limit);
}

}  // namespace croft::data

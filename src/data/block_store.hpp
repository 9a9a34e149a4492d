// The SQL of packed readings, and nothing but SQL.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "data/block.hpp"
#include "db/database.hpp"

namespace croft::data {

// Where a block lies: the places of its first and its last reading. Blocks of one device never
// overlap, and each has readings of one month only.
struct BlockSpan {
  Place first;
  Place last;
};

// A view of a connection, made anew for each job on a worker. Everything throws db::Broken.
class BlockStore {
 public:
  explicit BlockStore(db::Connection& connection) : connection_(connection) {}

  // The block that begins last of those that begin at or in front of `at`, not before from_ms.
  std::optional<BlockSpan> last_until(std::int64_t device, const Place& at, std::int64_t from_ms);
  // The block that begins first behind `after`, before before_ms.
  std::optional<BlockSpan> next(std::int64_t device, const Place& after, std::int64_t before_ms);
  // Its readings; none, and a line in the log, when it is damaged.
  std::optional<Block> load(std::int64_t device, const BlockSpan&);
  void put(std::int64_t device, const BlockSpan&, std::string_view block);
  void remove(std::int64_t device, const BlockSpan&);

  // Deletes up to `limit` blocks that end before that time, oldest first; false when those were the
  // last.
  bool delete_before(std::int64_t device, std::int64_t before_ms, std::size_t limit);

 private:
  db::Connection& connection_;
};

}  // namespace croft::data

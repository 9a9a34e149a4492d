// Packs rows that are no longer new into blocks.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>

#include "data/reading_store.hpp"
#include "db/database.hpp"

namespace croft::data {

// The readings of a device that were packed, or tried.
struct PackStep {
  std::size_t rows = 0;
  // All rows in front of this time are packed, unless they are damaged.
  std::int64_t packed_ms = 0;
};

// Packs the oldest rows of a device with from_ms <= time < before_ms, at most Block::kMost of them:
// into the block they fall into, behind the last one of their month, or into one of their own. In
// the transaction of the caller, so that a reading is at every moment a row, or in a block.
PackStep pack_some(db::Connection&, std::int64_t device, std::int64_t from_ms,
                   std::int64_t before_ms);

// Takes the readings before that time out of the block they share with later ones; those of the
// last day may stay.
void trim_before(db::Connection&, std::int64_t device, std::int64_t before_ms);

// Takes one measurement out of up to `limit` blocks that lie whole within from <= time < before,
// and what has no other out with it. Goes on behind `at`, which it moves; false when it came to the
// end.
bool thin_some(db::Connection&, std::int64_t device, std::uint32_t measurement, Place& at,
               std::int64_t before_ms, std::size_t limit);

}  // namespace croft::data

// Packs rows that are no longer new into blocks.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>

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

}  // namespace croft::data

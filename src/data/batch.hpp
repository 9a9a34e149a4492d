// What one transaction stores, and what became of it.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "data/journey.hpp"
#include "data/reading_key.hpp"
#include "model/reading.hpp"
#include "protocol/ack_codec.hpp"

namespace croft::data {

enum class Fate : std::uint8_t {
  waiting,
  stored,          // new
  duplicate,       // was there
  too_many_names,  // the device has used up its measurement names
};

// A reading on its way to the store.
struct Arrival {
  Reading reading;
  std::optional<Sequence> sequence;
  Fate fate = Fate::waiting;
};

// What a node may now forget: ranges of one boot, all durably stored.
struct StoredRanges {
  std::size_t arrival = 0;  // the first of this boot in the batch
  std::uint32_t boot = 0;
  std::vector<protocol::SeqRange> ranges;  // ascending
};

// Belongs to the loop, and to the writing worker while its transaction runs.
struct Batch {
  std::vector<Arrival> arrivals;     // in the order of their coming
  std::vector<StoredRanges> ranges;  // by `arrival`
  std::size_t bytes = 0;             // about what it takes in memory
  bool closed = false;               // on its way to the store: nothing is added any more
  bool ended = false;
  bool committed = false;
  WaitingPlace journeys;
};

// One message's share of a batch; valid until its journey was let go and has returned.
struct Share {
  std::shared_ptr<Batch> batch;
  std::size_t first = 0;
  std::size_t count = 0;

  // For journeys: waits for the end of the batch; then batch->committed says how it ended.
  auto ended() const { return batch->journeys.wait(); }
  std::span<Arrival> arrivals() const { return std::span(batch->arrivals).subspan(first, count); }
};

}  // namespace croft::data

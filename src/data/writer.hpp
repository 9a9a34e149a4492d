// Group commit: the next batch is whatever arrived while the last one was being committed.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstddef>
#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "base/log.hpp"
#include "base/metrics.hpp"
#include "base/task.hpp"
#include "data/batch.hpp"
#include "data/batch_store.hpp"
#include "db/database.hpp"

namespace croft::data {

struct WriterConfig {
  // Readings in one transaction; the message that crosses the bound still goes in whole.
  std::size_t max_batch = 16'000;
  // What may wait for the store; beyond either, has_room() is false.
  std::size_t max_waiting_readings = 40'000;
  std::size_t max_waiting_bytes = 16 * 1024 * 1024;
  // Small batches start no faster than this, one after the other: a trickle of readings is not
  // worth a commit each, for the processor and even more for a memory card. The first one never
  // waits.
  std::chrono::milliseconds least_interval{10};
};

// On the loop.
class Writer {
 public:
  Writer(WriterConfig, const Executor&, db::Database&, Metrics&);
  ~Writer();

  bool has_room() const;
  // For journeys: waits in turn until there is room or the writer stops.
  auto room() { return room_.wait(); }

  // A message's readings go into one batch: begin(), add() each, then await share.ended(), all
  // without a pause between.
  Share begin();
  void add(Share&, Arrival);

  // Commits batch after batch until stop(). While the store is broken it tries the same batch again
  // and again, with a growing pause: trying twice is safe, because each reading is stored once.
  Task<void> run();
  // Lets run() return when everything added is committed, or the store is still broken after three
  // more attempts; the batches that are left end uncommitted.
  void stop();
  bool stopping() const { return stopping_; }

  // Waits until everything added so far has ended. One at a time.
  Task<void> settle();
  // A device was removed and nothing of it is waiting: the next batch must not use its number.
  void forget(std::string device) { removed_.push_back(std::move(device)); }
  // Months of readings were dropped: the next batch must not take them for made.
  void forget_months() { months_dropped_ = true; }

 private:
  Task<void> gather(const Batch&);
  Task<void> keep(Batch&);
  void end(Batch&, bool committed);

  WriterConfig config_;
  db::Database& database_;
  BatchStore store_;
  std::deque<std::shared_ptr<Batch>> batches_;  // the first is the one being committed
  std::vector<Arrival> spare_;                  // the room of the last batch, for the next
  std::vector<std::string> removed_;            // to be forgotten before the next batch
  bool months_dropped_ = false;
  std::size_t waiting_readings_ = 0;
  std::size_t waiting_bytes_ = 0;
  std::chrono::steady_clock::time_point last_start_{};
  bool stopping_ = false;
  WaitingPlace room_;
  Event arrived_;
  Event ended_;
  Event stopped_;

  log::Throttle complaint_{10};
  Gauge waiting_;
  Counter stored_;
  Counter duplicates_;
  Counter failures_;
  Histogram commit_seconds_;
};

}  // namespace croft::data

// Group commit: the next batch is whatever arrived while the last one was being committed.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "base/log.hpp"
#include "base/metrics.hpp"
#include "data/batch.hpp"
#include "data/batch_store.hpp"
#include "db/database.hpp"

namespace croft::data {

struct WriterConfig {
  // Readings in one transaction; the message that crosses the bound still goes in whole.
  std::size_t max_batch = 4000;
  // What may wait for the store; beyond either, has_room() is false.
  std::size_t max_waiting_readings = 20'000;
  std::size_t max_waiting_bytes = 16 * 1024 * 1024;
};

// On the loop.
class Writer {
 public:
  Writer(WriterConfig, const Executor&, db::Database&, Metrics&);

  bool has_room() const;
  // Waits until there is room, or the writer stops (then has_room() may be false).
  Task<void> room();
  // The readings of one message; share.ended() awaits their commit. `readings` is not empty.
  Share append(std::vector<Arrival> readings);

  // Commits batch after batch until stop(). While the store is broken it tries the same batch again
  // and again, with a growing pause: trying twice is safe, because each reading is stored once.
  Task<void> run();
  // Lets run() return when everything appended is committed, or the store is still broken after
  // three more attempts; the batches that are left end uncommitted.
  void stop();
  bool stopping() const { return stopping_; }

  // Waits until everything appended so far has ended.
  Task<void> settle();
  // A device was removed and nothing of it is waiting: the next batch must not use its number.
  void forget(std::string device) { removed_.push_back(std::move(device)); }

 private:
  Task<void> keep(Batch&);
  void end(Batch&, bool committed);

  WriterConfig config_;
  Executor executor_;
  db::Database& database_;
  BatchStore store_;
  std::deque<std::shared_ptr<Batch>> batches_;  // the first is the one being committed
  std::vector<std::string> removed_;            // to be forgotten before the next batch
  std::size_t waiting_readings_ = 0;
  std::size_t waiting_bytes_ = 0;
  bool stopping_ = false;
  Event arrived_;
  Event stopped_;
  asio::steady_timer room_;  // cancelled when there is room again

  log::Throttle complaint_{10};
  Gauge waiting_;
  Counter stored_;
  Counter duplicates_;
  Counter failures_;
  Histogram commit_seconds_;
};

}  // namespace croft::data

// Collects readings into batches and commits them one after the other.
// SPDX-License-Identifier: Apache-2.0
#include "data/writer.hpp"

#include <chrono>
#include <iterator>

namespace croft::data {
namespace {

using std::chrono::steady_clock;

constexpr int kAttemptsWhileStopping = 3;

std::size_t bytes_of(const std::vector<Arrival>& readings) {
  std::size_t bytes = 0;
  for (const auto& arrival : readings)
    bytes += sizeof(Arrival) + arrival.reading.values.size() * sizeof(Measurement);
  return bytes;
}

}  // namespace

Writer::Writer(WriterConfig config, const Executor& executor, db::Database& database,
               Metrics& metrics)
    : config_(config),
      executor_(executor),
      database_(database),
      arrived_(executor),
      stopped_(executor),
      room_(executor, steady_clock::time_point::max()),
      waiting_(metrics.gauge("data_waiting_readings", "Readings received and not yet committed.")),
      stored_(metrics.counter("data_readings_stored_total", "Readings stored.")),
      duplicates_(metrics.counter("data_readings_duplicate_total",
                                  "Readings that came again and were stored already.")),
      failures_(metrics.counter("data_commit_failures_total",
                                "Transactions of readings that failed and are tried again.")),
      commit_seconds_(metrics.seconds("data_commit_seconds",
                                      "Time from the start of a batch to its being on disk.")) {}

bool Writer::has_room() const {
  return waiting_readings_ < config_.max_waiting_readings &&
         waiting_bytes_ < config_.max_waiting_bytes;
}

Task<void> Writer::room() {
  while (!has_room() && !stopping_) co_await room_.async_wait(asio::as_tuple(asio::use_awaitable));
}

Share Writer::append(std::vector<Arrival> readings) {
  const bool fits = !batches_.empty() && !batches_.back()->closed &&
                    batches_.back()->arrivals.size() < config_.max_batch;
  if (!fits) batches_.push_back(std::make_shared<Batch>(executor_));
  const auto& batch = batches_.back();
  const Share share{batch, batch->arrivals.size(), readings.size()};
  const auto bytes = bytes_of(readings);
  batch->bytes += bytes;
  waiting_bytes_ += bytes;
  waiting_readings_ += readings.size();
  waiting_.set(static_cast<double>(waiting_readings_));
  std::move(readings.begin(), readings.end(), std::back_inserter(batch->arrivals));
  arrived_.raise();
  return share;
}

Task<void> Writer::run() {
  for (;;) {
    while (batches_.empty() && !stopping_) co_await arrived_.wait();
    if (batches_.empty()) co_return;
    const auto batch = batches_.front();
    co_await keep(*batch);
    batches_.pop_front();
    if (!batch->committed) break;
  }
  for (const auto& batch : batches_) end(*batch, false);
  batches_.clear();
}

void Writer::stop() {
  stopping_ = true;
  arrived_.raise();
  stopped_.raise();
  room_.cancel();
}

Task<void> Writer::settle() {
  if (batches_.empty()) co_return;
  const Share last{batches_.back(), 0, 0};
  co_await last.ended();
}

Task<void> Writer::keep(Batch& batch) {
  batch.closed = true;
  Backoff backoff(std::chrono::milliseconds(100), std::chrono::seconds(5));
  for (int attempts_left = kAttemptsWhileStopping; attempts_left > 0;) {
    for (const auto& device : removed_) store_.forget(device);
    removed_.clear();
    std::string failure;
    const auto started = steady_clock::now();
    try {
      co_await database_.write(
          [&](db::Connection& connection) { store_.store(connection, batch); });
    } catch (const std::exception& error) {
      failure = error.what();
    }
    if (failure.empty()) {
      const std::chrono::duration<double> took = steady_clock::now() - started;
      commit_seconds_.observe(took.count());
      end(batch, true);
      co_return;
    }
    store_.forget();
    failures_.add();
    complaint_.write(log::Level::error, "data",
                     "readings cannot be stored; nothing is acknowledged until they are. Check the "
                     "database and the free disk space",
                     {{"error", failure}, {"waiting", waiting_readings_}});
    if (stopping_) --attempts_left;
    co_await stopped_.wait_for(backoff.next());
  }
  end(batch, false);
}

void Writer::end(Batch& batch, bool committed) {
  batch.committed = committed;
  std::size_t stored = 0;
  std::size_t duplicates = 0;
  for (const auto& arrival : batch.arrivals) {
    stored += arrival.fate == Fate::stored ? 1 : 0;
    duplicates += arrival.fate == Fate::duplicate ? 1 : 0;
  }
  if (committed) {
    stored_.add(static_cast<double>(stored));
    duplicates_.add(static_cast<double>(duplicates));
  }
  waiting_readings_ -= batch.arrivals.size();
  waiting_bytes_ -= batch.bytes;
  waiting_.set(static_cast<double>(waiting_readings_));
  batch.done.expires_at(steady_clock::time_point::min());
  room_.cancel();
}

}  // namespace croft::data

// Collects readings into batches and commits them one after the other.
// SPDX-License-Identifier: Apache-2.0
#include "data/writer.hpp"

#include <chrono>
#include <utility>

#include "base/failpoint.hpp"

namespace croft::data {
namespace {

using std::chrono::steady_clock;

constexpr int kAttemptsWhileStopping = 3;
constexpr std::size_t kWorthACommit = 250;  // readings: by then a commit's own cost hardly shows

std::size_t bytes_of(const Arrival& arrival) {
  return sizeof(Arrival) + arrival.reading.values.size() * sizeof(Measurement);
}

}  // namespace

void Journey::promise_type::unhandled_exception() noexcept {
  try {
    throw;
  } catch (const std::exception& error) {
    log::error("data", "the journey of a message broke; the broker will deliver it again",
               {{"error", error.what()}});
  }
}

Writer::Writer(WriterConfig config, const Executor& executor, db::Database& database,
               Metrics& metrics)
    : config_(config),
      database_(database),
      arrived_(executor),
      ended_(executor),
      stopped_(executor),
      waiting_(metrics.gauge("data_waiting_readings", "Readings received and not yet committed.")),
      stored_(metrics.counter("data_readings_stored_total", "Readings stored.")),
      duplicates_(metrics.counter("data_readings_duplicate_total",
                                  "Readings that came again and were stored already.")),
      failures_(metrics.counter("data_commit_failures_total",
                                "Transactions of readings that failed and are tried again.")),
      commit_seconds_(metrics.seconds("data_commit_seconds",
                                      "Time from the start of a batch to its being on disk.")) {}

// A journey that waits holds its batch, and the batch the journey: here the circle is cut.
Writer::~Writer() {
  for (const auto& batch : batches_) batch->journeys.destroy_all();
}

bool Writer::has_room() const {
  return waiting_readings_ < config_.max_waiting_readings &&
         waiting_bytes_ < config_.max_waiting_bytes;
}

Share Writer::begin() {
  const bool fits = !batches_.empty() && !batches_.back()->closed &&
                    batches_.back()->arrivals.size() < config_.max_batch;
  if (!fits) {
    batches_.push_back(std::make_shared<Batch>());
    batches_.back()->arrivals = std::exchange(spare_, {});
    arrived_.raise();
  }
  return {batches_.back(), batches_.back()->arrivals.size(), 0};
}

void Writer::add(Share& share, Arrival arrival) {
  const auto bytes = bytes_of(arrival);
  share.batch->bytes += bytes;
  waiting_bytes_ += bytes;
  ++waiting_readings_;
  ++share.count;
  share.batch->arrivals.push_back(std::move(arrival));
  if (share.batch->arrivals.size() == kWorthACommit) arrived_.raise();
}

Task<void> Writer::run() {
  for (;;) {
    while (batches_.empty() && !stopping_) co_await arrived_.wait();
    if (batches_.empty()) break;
    const auto batch = batches_.front();
    co_await gather(*batch);
    co_await keep(*batch);
    batches_.pop_front();
    end(*batch, batch->committed);
    if (!batch->committed) break;
  }
  for (const auto& batch : std::exchange(batches_, {})) end(*batch, false);
  room_.release_all();
}

void Writer::stop() {
  stopping_ = true;
  arrived_.raise();
  stopped_.raise();
}

Task<void> Writer::settle() {
  if (batches_.empty()) co_return;
  const auto last = batches_.back();
  while (!last->ended) co_await ended_.wait();
}

// Lets a small batch grow for a moment when the last one began just now.
Task<void> Writer::gather(const Batch& batch) {
  const auto due = last_start_ + config_.least_interval;
  while (batch.arrivals.size() < kWorthACommit && !stopping_) {
    const auto now = steady_clock::now();
    if (now >= due) break;
    co_await arrived_.wait_for(due - now);
  }
  last_start_ = steady_clock::now();
}

// Returns when the batch is committed, or given up because the writer stops.
Task<void> Writer::keep(Batch& batch) {
  batch.closed = true;
  waiting_.set(static_cast<double>(waiting_readings_));
  Backoff backoff(std::chrono::milliseconds(100), std::chrono::seconds(5));
  for (int attempts_left = kAttemptsWhileStopping; attempts_left > 0;) {
    for (const auto& device : std::exchange(removed_, {})) store_.forget(device);
    if (std::exchange(months_dropped_, false)) store_.forget_months();
    std::string failure;
    const auto started = steady_clock::now();
    try {
      co_await database_.write([&](db::Connection& connection) {
        CROFT_FAILPOINT("writing");
        store_.store(connection, batch);
        CROFT_FAILPOINT("written");
      });
      CROFT_FAILPOINT("committed");
    } catch (const std::exception& error) {
      failure = error.what();
    }
    if (failure.empty()) {
      const std::chrono::duration<double> took = steady_clock::now() - started;
      commit_seconds_.observe(took.count());
      batch.committed = true;
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
}

// Lets the journeys of the batch go on, and those for whom there is room now.
void Writer::end(Batch& batch, bool committed) {
  batch.ended = true;
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
  batch.journeys.release_all();
  batch.arrivals.clear();
  if (spare_.capacity() < batch.arrivals.capacity()) spare_ = std::move(batch.arrivals);
  while (has_room() && !room_.empty()) room_.release_first();
  ended_.raise();
}

}  // namespace croft::data

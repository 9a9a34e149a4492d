// Drops months, or deletes rows in small transactions.
// SPDX-License-Identifier: Apache-2.0
#include "data/retention.hpp"

#include <vector>

#include "data/packing.hpp"
#include "data/reading_store.hpp"

namespace croft::data {
namespace {

constexpr std::size_t kRowsOfStep = 1000;
constexpr std::chrono::milliseconds kBetweenSteps{5};  // readings that arrive go first
constexpr std::chrono::hours kBetweenSweeps{1};
constexpr std::chrono::minutes kAfterFailure{1};

}  // namespace

Retention::Retention(const Executor& executor, db::Database& database, Writer& writer,
                     const Clock& clock, Seconds keep)
    : database_(database), writer_(writer), clock_(clock), keep_(keep), stopped_(executor) {}

Task<void> Retention::run() {
  while (!stopping_ && keep_ > Seconds(0)) {
    std::string failure;
    try {
      co_await sweep();
    } catch (const std::exception& error) {
      failure = error.what();
    }
    if (!failure.empty())
      complaint_.write(log::Level::warning, "data",
                       "old readings cannot be forgotten yet; check the database",
                       {{"error", failure}});
    const auto pause = failure.empty() ? std::chrono::minutes(kBetweenSweeps)
                                       : std::chrono::minutes(kAfterFailure);
    co_await stopped_.wait_for(pause);
  }
}

void Retention::stop() {
  stopping_ = true;
  stopped_.raise();
}

Task<void> Retention::sweep() {
  const auto before_ms = to_ms(clock_.now() - keep_);
  const bool in_months = database_.by_time() != database_.clustered();
  if (!in_months) {
    co_await delete_before(before_ms);
    co_return;
  }
  auto drop = [before_ms](db::Connection& connection) {
    return ReadingStore(connection).drop_months(before_ms);
  };
  const auto dropped = co_await database_.write(drop);
  if (dropped.empty()) co_return;
  writer_.forget_months();
  for (const auto& month : dropped)
    log::info("data", "a month of readings is older than data.retention and was dropped",
              {{"month", month}});
}

Task<void> Retention::delete_before(std::int64_t before_ms) {
  auto list = [](db::Connection& connection) {
    std::vector<std::int64_t> numbers;
    ReadingStore(connection).each_device([&](std::int64_t number, std::string_view) {
      numbers.push_back(number);
    });
    return numbers;
  };
  const auto numbers = co_await database_.read(list);
  for (const auto number : numbers) {
    for (bool more = true; more && !stopping_;) {
      auto step = [number, before_ms](db::Connection& connection) {
        if (ReadingStore(connection).delete_before(number, before_ms, kRowsOfStep)) return true;
        trim_before(connection, number, before_ms);
        return false;
      };
      more = co_await database_.write(step);
      co_await sleep_for(kBetweenSteps);
    }
  }
}

}  // namespace croft::data

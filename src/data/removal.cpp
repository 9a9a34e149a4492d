// Hides a removed device at once and deletes its rows in small transactions.
// SPDX-License-Identifier: Apache-2.0
#include "data/removal.hpp"

#include <limits>
#include <vector>

#include "data/reading_store.hpp"
#include "data/refused_store.hpp"
#include "data/rollup_store.hpp"

namespace croft::data {
namespace {

constexpr std::size_t kRowsOfStep = 1000;
constexpr auto kEndOfTime = std::numeric_limits<std::int64_t>::max();
constexpr std::int64_t kNever = std::numeric_limits<std::int32_t>::max();  // as an hour
constexpr std::chrono::milliseconds kBetweenSteps{5};  // readings that arrive go first
constexpr std::chrono::seconds kAfterFailure{10};

}  // namespace

Removal::Removal(const Executor& executor, db::Database& database, Writer& writer,
                 Refusals& refusals, live::Feed& feed)
    : database_(database),
      writer_(writer),
      refusals_(refusals),
      woken_(executor),
      stopped_(executor),
      subscription_(feed.device_removed.subscribe(
          [this](const live::DeviceRemoved& event) { remove(event.device.id); })) {
  woken_.raise();
}

void Removal::remove(const DeviceId& device) {
  refusals_.forget(device.str());
  removed_.push_back(device.str());
  woken_.raise();
}

Task<void> Removal::run() {
  while (!stopping_) {
    co_await woken_.wait();
    std::string failure;
    try {
      while (!removed_.empty() && !stopping_) {
        co_await hide(removed_.front());
        removed_.pop_front();
      }
      if (hidden_ && !stopping_) co_await delete_hidden();
    } catch (const std::exception& error) {
      failure = error.what();
    }
    if (failure.empty()) continue;
    complaint_.write(log::Level::warning, "data",
                     "the readings of a removed device cannot be deleted yet; check the database",
                     {{"error", failure}});
    woken_.raise();
    co_await stopped_.wait_for(kAfterFailure);
  }
}

void Removal::stop() {
  stopping_ = true;
  woken_.raise();
  stopped_.raise();
}

// What was received before the removal is committed first, so that nothing is stored after it.
Task<void> Removal::hide(std::string device) {
  co_await writer_.settle();
  co_await database_.write(
      [&](db::Connection& connection) { ReadingStore(connection).hide_device(device); });
  writer_.forget(device);
  hidden_ = true;
}

Task<void> Removal::delete_hidden() {
  const auto numbers = co_await database_.read(
      [](db::Connection& connection) { return ReadingStore(connection).hidden_devices(); });
  for (const auto number : numbers) {
    for (bool more = true; more && !stopping_;) {
      more = co_await delete_step(number);
      co_await sleep_for(kBetweenSteps);
    }
  }
  hidden_ = stopping_;
}

// False when nothing is left of the device.
Task<bool> Removal::delete_step(std::int64_t number) {
  co_return co_await database_.write([number](db::Connection& connection) {
    ReadingStore readings(connection);
    if (readings.delete_before(number, kEndOfTime, kRowsOfStep)) return true;
    if (RollupStore(connection).delete_before(number, kNever, kRowsOfStep)) return true;
    RefusedStore(connection).forget_device(number);
    readings.forget_device(number);
    return false;
  });
}

}  // namespace croft::data

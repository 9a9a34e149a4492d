// Follows the hours as they end, device by device.
// SPDX-License-Identifier: Apache-2.0
#include "data/rollups.hpp"

#include <limits>

#include "data/packing.hpp"
#include "data/reading_store.hpp"
#include "data/rollup.hpp"
#include "data/rollup_store.hpp"

namespace croft::data {
namespace {

constexpr std::size_t kRowsOfStep = 4000;  // some milliseconds of the writing worker's time
constexpr std::size_t kDevicesOfStep = 100;
constexpr std::chrono::milliseconds kBetweenSteps{5};  // readings that arrive go first
constexpr std::chrono::minutes kBetweenPasses{1};

Place before_hour(std::int64_t hour) {
  return {hour * kHourMs - 1, std::numeric_limits<std::int64_t>::max()};
}

// Rolls up one hour; returns how many readings it has.
std::size_t roll(db::Connection& connection, const DeviceHour& at) {
  ReadingStore readings(connection);
  HourBuilder builder;
  std::size_t rows = 0;
  readings.forward(at.device, before_hour(at.hour), (at.hour + 1) * kHourMs,
                   std::numeric_limits<std::int64_t>::max(), [&](const StoredReading& row) {
                     builder.add(row.values);
                     ++rows;
                   });
  RollupStore hours(connection);
  if (rows > 0)
    hours.put(at, builder.encode());
  else
    hours.remove(at);
  return rows;
}

// The first hour from that one on that has readings, `horizon` when there is none before it.
std::int64_t next_hour(db::Connection& connection, const DeviceHour& from, std::int64_t horizon) {
  auto next = horizon;
  ReadingStore(connection)
      .forward(from.device, before_hour(from.hour), horizon * kHourMs, 1,
               [&](const StoredReading& row) { next = hour_of(row.time_ms); });
  return next;
}

}  // namespace

Rollups::Rollups(const Executor& executor, db::Database& database, Writer& writer,
                 const Clock& clock)
    : database_(database),
      writer_(writer),
      clock_(clock),
      periodic_(executor,
                "hours cannot be rolled up yet, long charts are slower; check the database") {}

Task<void> Rollups::run() {
  co_await periodic_.run([this] { return pass(); }, kBetweenPasses);
}

Task<void> Rollups::pass() {
  const bool moved = co_await database_.write(
      [this](db::Connection& connection) { return move_horizon(connection); });
  months_due_ = months_due_ || moved;
  if (moved) co_return;
  for (const auto step : {&Rollups::roll_some, &Rollups::renew_some, &Rollups::pack_some}) {
    for (bool more = true; more && !periodic_.stopping();) {
      more = co_await database_.write(
          [this, step](db::Connection& connection) { return (this->*step)(connection); });
      if (more) co_await sleep_for(kBetweenSteps);
    }
  }
  if (months_due_ && !periodic_.stopping()) co_await drop_empty_months();
}

// What rows leave behind in a month that gets no new ones, an engine does not give back by itself.
Task<void> Rollups::drop_empty_months() {
  const auto dropped = co_await database_.write([](db::Connection& connection) {
    return ReadingStore(connection).drop_empty_months(RollupStore(connection).horizon() * kHourMs);
  });
  if (!dropped.empty()) writer_.forget_months();
  months_due_ = false;
}

bool Rollups::move_horizon(db::Connection& connection) {
  RollupStore store(connection);
  const auto wanted = hour_of(to_ms(clock_.now() - kSettled));
  if (store.horizon() == wanted) return false;
  store.set_horizon(wanted);
  return true;
}

bool Rollups::roll_some(db::Connection& connection) {
  RollupStore store(connection);
  const auto horizon = store.horizon();
  const auto devices = store.unrolled(horizon, kDevicesOfStep);
  std::size_t rows = 0;
  for (auto at : devices) {
    while (at.hour < horizon && rows < kRowsOfStep) {
      at.hour = next_hour(connection, at, horizon);
      if (at.hour < horizon) rows += roll(connection, at), ++at.hour;
    }
    store.set_rolled(at);
    if (rows >= kRowsOfStep) return true;
  }
  return devices.size() == kDevicesOfStep;
}

// Of readings that are no longer kept some may be gone already.
bool Rollups::renew_some(db::Connection& connection) {
  RollupStore store(connection);
  const auto kept_from = hour_of(store.kept_from_ms() + kHourMs - 1);
  const auto hours = store.stale(kDevicesOfStep);
  std::size_t rows = 0;
  for (const auto& at : hours) {
    if (rows >= kRowsOfStep) return true;
    store.unpack_from(at);
    if (at.hour < kept_from)
      store.keep(at);
    else
      rows += roll(connection, at);
  }
  return hours.size() == kDevicesOfStep;
}

bool Rollups::pack_some(db::Connection& connection) {
  RollupStore store(connection);
  const auto horizon = store.horizon();
  const auto devices = store.unpacked(horizon, kDevicesOfStep);
  std::size_t rows = 0;
  for (const auto& at : devices) {
    auto packed_ms = at.until_ms;
    while (packed_ms < horizon * kHourMs && rows < kRowsOfStep) {
      const auto step = data::pack_some(connection, at.device, packed_ms, horizon * kHourMs);
      packed_ms = step.packed_ms;
      rows += step.rows;
    }
    store.set_packed({at.device, packed_ms});
    if (rows >= kRowsOfStep) return true;
  }
  return devices.size() == kDevicesOfStep;
}

}  // namespace croft::data

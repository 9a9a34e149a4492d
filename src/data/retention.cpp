// Drops months, or deletes rows and blocks in small transactions.
// SPDX-License-Identifier: Apache-2.0
#include "data/retention.hpp"

#include <algorithm>
#include <vector>

#include "data/month.hpp"
#include "data/packing.hpp"
#include "data/reading_store.hpp"
#include "data/rollup_store.hpp"

namespace croft::data {
namespace {

constexpr std::size_t kRowsOfStep = 1000;
constexpr std::size_t kBlocksOfStep = 10;
constexpr std::int64_t kDayMs = 86'400'000;
constexpr std::int64_t kLongestBlockMs = 31 * kDayMs;
constexpr std::chrono::milliseconds kBetweenSteps{5};  // readings that arrive go first
constexpr std::chrono::minutes kBetweenSweeps{10};

std::vector<std::int64_t> devices(db::Connection& connection) {
  std::vector<std::int64_t> numbers;
  ReadingStore(connection).each_device([&](std::int64_t number, std::string_view) {
    numbers.push_back(number);
  });
  return numbers;
}

std::optional<std::int64_t> oldest(db::Connection& connection) {
  ReadingStore store(connection);
  std::optional<std::int64_t> found;
  for (const auto number : devices(connection))
    if (const auto first = store.first_time(number))
      found = std::min(found.value_or(*first), *first);
  return found;
}

}  // namespace

Retention::Retention(const Executor& executor, db::Database& database, Writer& writer,
                     const Clock& clock, Keep keep)
    : database_(database),
      writer_(writer),
      clock_(clock),
      keep_(keep),
      in_months_(database.by_time() != database.clustered()),
      periodic_(executor, "old readings cannot be forgotten yet; check the database") {}

Task<void> Retention::run() {
  co_await periodic_.run([this] { return sweep(); }, kBetweenSweeps);
}

Task<void> Retention::sweep() {
  if (keep_.age > Seconds(0)) co_await forget_before(to_ms(clock_.now() - keep_.age));
  for (const auto& [measurement, age] : keep_.age_of) co_await thin(measurement, age);
  if (keep_.bytes > 0) co_await stay_below_bytes();
}

// Once a day: each block is rewritten once, when all of it is too old, which it is within a month.
// Hours keep what they have of it.
Task<void> Retention::thin(std::string measurement, Seconds age) {
  const auto before_ms = to_ms(clock_.now() - age);
  std::uint32_t id = 0;
  std::int64_t done_ms = 0;
  co_await database_.read([&](db::Connection& connection) {
    id = ReadingStore(connection).measurement_id(measurement);
    done_ms = RollupStore(connection).kept_from_ms(id);
  });
  if (id == 0 || before_ms - done_ms < kDayMs) co_return;
  co_await database_.write([id, before_ms](db::Connection& connection) {
    RollupStore(connection).raise_kept_from(id, before_ms);
  });
  const auto numbers = co_await database_.read(devices);
  for (const auto number : numbers) {
    Place at{done_ms - kLongestBlockMs, 0};
    for (bool more = true; more && !periodic_.stopping();) {
      more = co_await database_.write([&](db::Connection& connection) {
        auto next = at;
        const bool some = thin_some(connection, number, id, next, before_ms, kBlocksOfStep);
        at = next;
        return some;
      });
      if (more) co_await sleep_for(kBetweenSteps);
    }
  }
}

Task<void> Retention::stay_below_bytes() {
  while (!periodic_.stopping()) {
    const auto used = co_await database_.read(
        [](db::Connection& connection) { return connection.store_bytes(); });
    if (used <= keep_.bytes) co_return;
    const auto before_ms = co_await next_to_go();
    if (!before_ms) {
      no_room_.write(log::Level::warning, "data",
                     "the store is larger than data.max_size, and only the newest readings are left"
                     " in it; raise data.max_size",
                     {{"bytes", used}});
      co_return;
    }
    log::info("data", "the oldest readings are forgotten, to stay below data.max_size",
              {{"before", format_instant(instant_from_ms(*before_ms))}, {"bytes", used}});
    co_await forget_before(*before_ms);
  }
}

Task<std::optional<std::int64_t>> Retention::next_to_go() {
  const auto first = co_await database_.read(oldest);
  if (!first) co_return std::nullopt;
  const auto now_ms = to_ms(clock_.now());
  const auto before_ms = in_months_ ? month_of("readings", *first).before : *first + kDayMs;
  const auto newest_ms = in_months_ ? month_of("readings", now_ms).from : now_ms - kDayMs;
  if (before_ms > newest_ms) co_return std::nullopt;
  co_return before_ms;
}

// Who looks at hours knows from when on all readings are there, before the first of them goes.
Task<void> Retention::forget_before(std::int64_t before_ms) {
  co_await database_.write([before_ms](db::Connection& connection) {
    RollupStore(connection).raise_kept_from(before_ms);
  });
  if (in_months_)
    co_await drop_months(before_ms);
  else
    co_await delete_before(before_ms);
}

Task<void> Retention::drop_months(std::int64_t before_ms) {
  const auto dropped = co_await database_.write([before_ms](db::Connection& connection) {
    return ReadingStore(connection).drop_months(before_ms);
  });
  if (dropped.empty()) co_return;
  writer_.forget_months();
  for (const auto& month : dropped)
    log::info("data", "a month of readings is no longer kept and was dropped", {{"month", month}});
}

Task<void> Retention::delete_before(std::int64_t before_ms) {
  const auto numbers = co_await database_.read(devices);
  for (const auto number : numbers) {
    for (bool more = true; more && !periodic_.stopping();) {
      more = co_await database_.write([number, before_ms](db::Connection& connection) {
        if (ReadingStore(connection).delete_before(number, before_ms, kRowsOfStep)) return true;
        trim_before(connection, number, before_ms);
        return false;
      });
      if (more) co_await sleep_for(kBetweenSteps);
    }
  }
}

}  // namespace croft::data

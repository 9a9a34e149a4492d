// Forgets readings that are older than they are wanted, or for which there is no room.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <string>

#include "base/clock.hpp"
#include "data/periodic.hpp"
#include "data/writer.hpp"
#include "db/database.hpp"

namespace croft::data {

// How long readings are kept; 0 of either: without bound.
struct Keep {
  Seconds age{0};
  std::int64_t bytes = 0;                   // of the whole store
  std::map<std::string, Seconds> age_of{};  // of single measurements
};

// Where the engine keeps months apart, a month goes whole, once all of it is too old; elsewhere
// readings go one by one, a little at a time. On the loop.
class Retention {
 public:
  Retention(const Executor&, db::Database&, Writer&, const Clock&, Keep);

  // Looks every ten minutes, until stop().
  Task<void> run();
  void stop() { periodic_.stop(); }
  // Looks once.
  Task<void> sweep();

 private:
  Task<void> thin(std::string measurement, Seconds age);
  Task<void> stay_below_bytes();
  // The begin of what may go next, to make room; nothing when only the newest is left.
  Task<std::optional<std::int64_t>> next_to_go();
  Task<void> forget_before(std::int64_t before_ms);
  Task<void> drop_months(std::int64_t before_ms);
  Task<void> delete_before(std::int64_t before_ms);

  db::Database& database_;
  Writer& writer_;
  const Clock& clock_;
  Keep keep_;
  const bool in_months_;
  log::Throttle no_room_{3600};
  Periodic periodic_;
};

}  // namespace croft::data

// Forgets readings that are older than they are wanted.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/clock.hpp"
#include "base/log.hpp"
#include "data/writer.hpp"
#include "db/database.hpp"

namespace croft::data {

// Where the engine keeps months apart, a month goes whole, once all of it is too old; elsewhere
// readings go one by one, a little at a time. On the loop.
class Retention {
 public:
  // `keep` of 0: for ever.
  Retention(const Executor&, db::Database&, Writer&, const Clock&, Seconds keep);

  // Looks every hour, until stop().
  Task<void> run();
  void stop();
  // Looks once.
  Task<void> sweep();

 private:
  Task<void> delete_before(std::int64_t before_ms);

  db::Database& database_;
  Writer& writer_;
  const Clock& clock_;
  Seconds keep_;
  bool stopping_ = false;
  Event stopped_;
  log::Throttle complaint_{60};
};

}  // namespace croft::data

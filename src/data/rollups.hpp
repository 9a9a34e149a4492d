// Rolls readings up into hours, so that a chart of years need not read them one by one, and packs
// them, so that years have room.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/clock.hpp"
#include "data/periodic.hpp"
#include "data/writer.hpp"
#include "db/database.hpp"

namespace croft::data {

// An hour is rolled up once it has been over for a while, and again when a late reading came. On
// the loop; the work is done in small transactions.
class Rollups {
 public:
  static constexpr std::chrono::minutes kSettled{15};  // after the end of an hour

  Rollups(const Executor&, db::Database&, Writer&, const Clock&);

  // Looks every minute, until stop().
  Task<void> run();
  void stop() { periodic_.stop(); }
  // Looks once. When the horizon was due to move that is all it does: readings that are on their
  // way into hours before it then are marked by those who store them.
  Task<void> pass();

 private:
  Task<void> drop_empty_months();
  bool move_horizon(db::Connection&);
  bool roll_some(db::Connection&);
  bool renew_some(db::Connection&);
  bool pack_some(db::Connection&);

  db::Database& database_;
  Writer& writer_;
  const Clock& clock_;
  bool months_due_ = true;  // after each hour there may be one that is empty
  Periodic periodic_;
};

}  // namespace croft::data

// Deletes what a removed device has left behind, a little at a time.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <deque>
#include <string>

#include "base/log.hpp"
#include "data/refused.hpp"
#include "data/writer.hpp"
#include "db/database.hpp"
#include "live/feed.hpp"

namespace croft::data {

// Nothing of a removed device can be read from the moment it leaves the directory; the store
// forgets it here, also when the program was stopped half-way. On the loop.
class Removal {
 public:
  Removal(const Executor&, db::Database&, Writer&, Refusals&, live::Feed&);

  void remove(const DeviceId&);
  // Hides what is to be removed and deletes what is hidden, until stop().
  Task<void> run();
  void stop();

 private:
  Task<void> hide(std::string device);
  Task<void> delete_hidden();
  Task<bool> delete_step(std::int64_t number);

  db::Database& database_;
  Writer& writer_;
  Refusals& refusals_;
  std::deque<std::string> removed_;
  bool hidden_ = true;  // perhaps: the last run may have left some
  bool stopping_ = false;
  Event woken_;
  Event stopped_;
  live::Signal<live::DeviceRemoved>::Subscription subscription_;
  log::Throttle complaint_{60};
};

}  // namespace croft::data

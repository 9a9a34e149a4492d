// One coarse timer for all connections, because arming a timer for every read costs more than a
// read.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <memory>
#include <vector>

#include "base/task.hpp"

namespace croft::http {

class Deadline;

// Looks through its deadlines once a tick; a deadline is noticed up to one tick late. A tick over
// the 2,048 connections of the default limit costs a few microseconds.
class Deadlines : public std::enable_shared_from_this<Deadlines> {
 public:
  Deadlines(const Executor& executor, std::chrono::milliseconds tick)
      : timer_(executor), tick_(tick) {}
  void start() { arm(); }
  void stop();

 private:
  friend class Deadline;
  void arm();
  void look();

  asio::steady_timer timer_;
  std::chrono::milliseconds tick_;
  std::vector<Deadline*> all_;
  bool stopped_ = false;
};

// Something that must have happened by a certain time.
class Deadline {
 public:
  using Clock = std::chrono::steady_clock;

  explicit Deadline(std::shared_ptr<Deadlines>);
  Deadline(const Deadline&) = delete;
  Deadline& operator=(const Deadline&) = delete;
  virtual ~Deadline();

  void due_at(Clock::time_point at) { at_ = at; }
  void due_in(std::chrono::milliseconds time) { at_ = Clock::now() + time; }
  void no_longer_due() { at_ = Clock::time_point::max(); }

 protected:
  // Called once when the time has passed. Must not destroy any Deadline; cancelling I/O is fine.
  virtual void expired() = 0;

 private:
  friend class Deadlines;
  std::shared_ptr<Deadlines> owner_;
  std::size_t place_;
  Clock::time_point at_ = Clock::time_point::max();
};

}  // namespace croft::http

// Work that is done again and again until it is told to stop.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <string>

#include "base/log.hpp"
#include "base/task.hpp"

namespace croft::data {

// On the loop.
class Periodic {
 public:
  // `complaint` is what the log says, at most once a minute, when the work throws.
  Periodic(const Executor& executor, std::string complaint)
      : complaint_(std::move(complaint)), stopped_(executor) {}

  // Calls `work`, a function that returns a Task, with `pause` between; after a failure sooner,
  // when a minute is sooner.
  template <class Work>
  Task<void> run(Work work, std::chrono::seconds pause) {
    while (!stopping_) {
      std::string failure;
      try {
        co_await work();
      } catch (const std::exception& error) {
        failure = error.what();
      }
      if (!failure.empty())
        throttle_.write(log::Level::warning, "data", complaint_, {{"error", failure}});
      const auto next = failure.empty() ? pause : std::min(pause, std::chrono::seconds(60));
      co_await stopped_.wait_for(next);
    }
  }
  // Lets run() return; work that takes long looks at stopping() now and then.
  void stop() {
    stopping_ = true;
    stopped_.raise();
  }
  bool stopping() const { return stopping_; }

 private:
  std::string complaint_;
  log::Throttle throttle_{60};
  bool stopping_ = false;
  Event stopped_;
};

}  // namespace croft::data

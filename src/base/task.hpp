// Coroutines: Task<T>, work on a pool, long-lived parts under supervision, a bounded event.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <chrono>
#include <functional>
#include <string>
#include <type_traits>
#include <utility>

namespace croft {

namespace asio = boost::asio;

template <class T = void>
using Task = asio::awaitable<T>;

using Executor = asio::any_io_executor;

// Runs `work` (a plain function that may block or burn) on `pool` and comes back to the caller's
// loop with its result or exception. `work` must not touch what belongs to the loop.
template <class F>
Task<std::invoke_result_t<F>> on_pool(asio::thread_pool& pool, F work) {
  auto job = [work = std::move(work)]() mutable -> Task<std::invoke_result_t<F>> {
    co_return work();
  };
  co_return co_await asio::co_spawn(pool, std::move(job), asio::use_awaitable);
}

// Waits on the loop.
Task<void> sleep_for(std::chrono::steady_clock::duration);

// Starts a short task nobody waits for; an exception is logged under `name`, never lost.
void spawn(const Executor&, std::string name, Task<void>);

// Runs a long-lived part until it returns. When it throws, says so and starts it again after a
// back-off of 0.1 s doubling to 10 s (a part that held for a minute starts from the bottom).
Task<void> supervise(std::string name, std::function<Task<void>()> part);

// Something that happened, for coroutines of one loop: wait() returns once after each raise() (or
// burst of them). Not for use between threads.
class Event {
 public:
  explicit Event(const Executor& executor) : timer_(executor) {
    timer_.expires_at(std::chrono::steady_clock::time_point::max());
  }
  void raise() {
    raised_ = true;
    timer_.cancel();
  }
  Task<void> wait();
  // Returns false when `limit` passed first.
  Task<bool> wait_for(std::chrono::steady_clock::duration limit);

 private:
  asio::steady_timer timer_;
  bool raised_ = false;
};

// Waiting times that double from `least` to `most`, each drawn between zero and the current limit
// ("full jitter"), so that a thousand clients do not come back in the same instant.
class Backoff {
 public:
  Backoff(std::chrono::milliseconds least, std::chrono::milliseconds most)
      : least_(least), most_(most), limit_(least) {}
  std::chrono::milliseconds next();
  void reset() { limit_ = least_; }

 private:
  std::chrono::milliseconds least_;
  std::chrono::milliseconds most_;
  std::chrono::milliseconds limit_;
};

}  // namespace croft

// Supervision, events and back-off for coroutines.
// SPDX-License-Identifier: Apache-2.0
#include "base/task.hpp"

#include <algorithm>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/this_coro.hpp>
#include <exception>
#include <random>

#include "base/log.hpp"

namespace croft {
namespace {

using std::chrono::steady_clock;

std::string describe(const std::exception_ptr& failure) {
  try {
    std::rethrow_exception(failure);
  } catch (const std::exception& error) {
    return error.what();
  } catch (...) {
    return "an unknown exception";
  }
}

}  // namespace

Task<void> sleep_for(steady_clock::duration time) {
  const auto executor = co_await asio::this_coro::executor;
  asio::steady_timer timer(executor, time);
  co_await timer.async_wait(asio::use_awaitable);
}

void spawn(const Executor& executor, std::string name, Task<void> task) {
  asio::co_spawn(executor, std::move(task), [name = std::move(name)](std::exception_ptr failure) {
    if (failure) log::error(name, "a task failed", {{"error", describe(failure)}});
  });
}

Task<void> supervise(std::string name, std::function<Task<void>()> part) {
  Backoff backoff(std::chrono::milliseconds(100), std::chrono::seconds(10));
  for (;;) {
    const auto started = steady_clock::now();
    std::exception_ptr failure;
    try {
      co_await part();
      co_return;
    } catch (...) {
      failure = std::current_exception();
    }
    const auto cancelled = co_await asio::this_coro::cancellation_state;
    if (cancelled.cancelled() != asio::cancellation_type::none) std::rethrow_exception(failure);
    if (steady_clock::now() - started > std::chrono::minutes(1)) backoff.reset();
    const auto pause = backoff.next();
    log::error(name, "stopped unexpectedly; starting again",
               {{"error", describe(failure)}, {"after_ms", pause.count()}});
    co_await sleep_for(pause);
  }
}

Task<void> Event::wait() {
  while (!raised_) {
    timer_.expires_at(steady_clock::time_point::max());
    const auto [error] = co_await timer_.async_wait(asio::as_tuple(asio::use_awaitable));
    const auto cancelled = co_await asio::this_coro::cancellation_state;
    if (error && cancelled.cancelled() != asio::cancellation_type::none)
      throw boost::system::system_error(error);
  }
  raised_ = false;
}

Task<bool> Event::wait_for(steady_clock::duration limit) {
  const auto deadline = steady_clock::now() + limit;
  while (!raised_) {
    if (steady_clock::now() >= deadline) co_return false;
    timer_.expires_at(deadline);
    const auto [error] = co_await timer_.async_wait(asio::as_tuple(asio::use_awaitable));
    const auto cancelled = co_await asio::this_coro::cancellation_state;
    if (error && cancelled.cancelled() != asio::cancellation_type::none)
      throw boost::system::system_error(error);
  }
  raised_ = false;
  co_return true;
}

std::chrono::milliseconds Backoff::next() {
  thread_local std::minstd_rand random(std::random_device{}());
  const auto drawn = std::uniform_int_distribution<std::int64_t>(0, limit_.count())(random);
  limit_ = std::min(limit_ * 2, most_);
  return std::chrono::milliseconds(drawn);
}

}  // namespace croft

// Who is next: coroutines of one loop that must not do something at the same time.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/this_coro.hpp>
#include <deque>
#include <memory>

#include "base/task.hpp"

namespace croft::command {

// take() returns in the order of its calls, when those before have given it back. On the loop.
class Turn {
 public:
  Task<void> take() {
    if (!taken_) {
      taken_ = true;
      co_return;
    }
    const auto executor = co_await asio::this_coro::executor;
    auto waiting = std::make_shared<asio::steady_timer>(
        executor, std::chrono::steady_clock::time_point::max());
    waiting_.push_back(waiting);
    co_await waiting->async_wait(asio::as_tuple(asio::use_awaitable));
  }
  void give() {
    if (waiting_.empty()) {
      taken_ = false;
      return;
    }
    const auto next = std::move(waiting_.front());
    waiting_.pop_front();
    next->cancel();  // it is taken still, by the next
  }

 private:
  bool taken_ = false;
  std::deque<std::shared_ptr<asio::steady_timer>> waiting_;
};

}  // namespace croft::command

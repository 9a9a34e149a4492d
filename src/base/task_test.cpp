// Tests of events, the pool and supervision on a real loop.
// SPDX-License-Identifier: Apache-2.0
#include "base/task.hpp"

#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>
#include <stdexcept>
#include <thread>

namespace croft {

TEST(OnPool, RunsElsewhereAndComesBack) {
  asio::io_context loop;
  asio::thread_pool pool(1);
  std::thread::id there;
  std::thread::id back;
  auto story = [&]() -> Task<void> {
    there = co_await on_pool(pool, [] { return std::this_thread::get_id(); });
    back = std::this_thread::get_id();
  };
  spawn(loop.get_executor(), "test", story());
  loop.run();
  EXPECT_NE(there, std::this_thread::get_id());
  EXPECT_EQ(back, std::this_thread::get_id());
}

TEST(OnPool, CarriesAnExceptionBack) {
  asio::io_context loop;
  asio::thread_pool pool(1);
  bool caught = false;
  auto story = [&]() -> Task<void> {
    try {
      co_await on_pool(pool, []() -> int { throw std::runtime_error("disk gone"); });
    } catch (const std::runtime_error&) {
      caught = true;
    }
  };
  spawn(loop.get_executor(), "test", story());
  loop.run();
  EXPECT_TRUE(caught);
}

TEST(Event, WakesOnceForABurst) {
  asio::io_context loop;
  Event event(loop.get_executor());
  int woken = 0;
  auto waiter = [&]() -> Task<void> {
    co_await event.wait();
    ++woken;
    const bool again = co_await event.wait_for(std::chrono::milliseconds(20));
    EXPECT_FALSE(again);
  };
  spawn(loop.get_executor(), "test", waiter());
  asio::post(loop, [&] {
    event.raise();
    event.raise();
  });
  loop.run();
  EXPECT_EQ(woken, 1);
}

TEST(Supervise, StartsAPartAgainAfterItThrew) {
  asio::io_context loop;
  int starts = 0;
  auto part = [&]() -> Task<void> {
    if (++starts < 3) throw std::runtime_error("first tries fail");
    co_return;
  };
  spawn(loop.get_executor(), "test", supervise("test", part));
  loop.run();
  EXPECT_EQ(starts, 3);
}

TEST(Backoff, DoublesUpToItsLimit) {
  Backoff backoff(std::chrono::milliseconds(100), std::chrono::milliseconds(400));
  for (int i = 0; i < 50; ++i) EXPECT_LE(backoff.next(), std::chrono::milliseconds(400));
  backoff.reset();
  EXPECT_LE(backoff.next(), std::chrono::milliseconds(100));
}

}  // namespace croft

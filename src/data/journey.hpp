// A coroutine that nobody waits for, and the places where such coroutines wait.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <coroutine>
#include <deque>
#include <utility>

namespace croft::data {

// Starts at once and runs on the loop whenever what it awaits has come. One of these a message
// costs one allocation, where a spawned Task costs six: a third of all that a reading costs the
// processor. An exception that leaves it is logged; the message is then not acknowledged and comes
// again.
struct Journey {
  struct promise_type {
    Journey get_return_object() noexcept { return {}; }
    std::suspend_never initial_suspend() noexcept { return {}; }
    std::suspend_never final_suspend() noexcept { return {}; }
    void return_void() noexcept {}
    void unhandled_exception() noexcept;
  };
};

// Where journeys wait until they are let go, in the order of their coming. Those that still wait
// when the place goes are destroyed.
class WaitingPlace {
 public:
  WaitingPlace() = default;
  WaitingPlace(const WaitingPlace&) = delete;
  WaitingPlace& operator=(const WaitingPlace&) = delete;
  ~WaitingPlace() { destroy_all(); }

  auto wait() noexcept {
    struct Awaiter {
      std::deque<std::coroutine_handle<>>& waiting;
      bool await_ready() const noexcept { return false; }
      void await_suspend(std::coroutine_handle<> journey) const { waiting.push_back(journey); }
      void await_resume() const noexcept {}
    };
    return Awaiter{waiting_};
  }
  bool empty() const { return waiting_.empty(); }
  void release_first() {
    const auto journey = waiting_.front();
    waiting_.pop_front();
    journey.resume();
  }
  void release_all() {
    while (!waiting_.empty()) release_first();
  }
  void destroy_all() {
    for (const auto journey : std::exchange(waiting_, {})) journey.destroy();
  }

 private:
  std::deque<std::coroutine_handle<>> waiting_;
};

}  // namespace croft::data

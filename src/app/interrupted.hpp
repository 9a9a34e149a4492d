// A wait before the loop has its own ears for signals: SIGINT and SIGTERM end it.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <csignal>

namespace croft::app {

// Thrown when a signal ended a wait.
struct Stopped {};

// Notes SIGINT and SIGTERM from its making on; whoever was to hear them before hears them again
// afterwards. One at a time.
class Interruption {
 public:
  Interruption() {
    signalled_ = false;
    interrupted_ = std::signal(SIGINT, note);
    terminated_ = std::signal(SIGTERM, note);
  }
  Interruption(const Interruption&) = delete;
  Interruption& operator=(const Interruption&) = delete;
  ~Interruption() {
    std::signal(SIGINT, interrupted_);
    std::signal(SIGTERM, terminated_);
  }
  bool came() const { return signalled_; }

 private:
  static void note(int) { signalled_ = true; }
  inline static std::atomic<bool> signalled_ = false;
  static_assert(std::atomic<bool>::is_always_lock_free, "a signal handler may not wait");

  void (*interrupted_)(int);
  void (*terminated_)(int);
};

}  // namespace croft::app

// Timed commands: rows that become commands when their time has come, each once.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "command/dispatcher.hpp"
#include "command/request_keys.hpp"
#include "command/timed_store.hpp"

namespace croft::command {

// The rows are the truth; this looks into them whenever one is due. A start is claimed and its
// command made in one transaction, so no crash loses or repeats one. On the loop.
class TimedCommands {
 public:
  // More than this scheduled or running for one device are refused.
  static constexpr std::int64_t kMostOpenPerDevice = 10'000;

  TimedCommands(const Config&, const Needs&, Dispatcher&);

  // Subscribes.
  void start();
  // Sets id, state and times. Without `at` and `repeat` it starts at once, its command made in the
  // same transaction, and the key noted. Errors: too_many.
  Task<Result<Timed>> add(Timed, NoteKey = no_key);
  // Ends it with the opposite action when it runs; one that is over stays as it is.
  // Errors: not_found, too_many.
  Task<Result<Timed>> cancel(TimedId, UserId owner, std::string by);
  // Only of a repeating one. Errors: not_found, conflict.
  Task<Result<Timed>> enable(TimedId, UserId owner, bool enabled);
  // Starts what is due and ends what is over, until cancelled.
  Task<void> run();

 private:
  static constexpr int kAtOnce = 250;        // rows in one transaction
  static constexpr int kDueAtOnce = 10'000;  // rows looked at together
  static constexpr std::size_t kMostSettled = 20'000;

  Task<Result<Timed>> add_running(Timed, NoteKey);
  Task<Result<Timed>> cancel_running(const Timed&, std::string by);
  Task<void> sweep();
  Task<void> recall();
  Task<void> follow();
  Task<void> complete();
  Task<void> start_due();
  Task<void> start_these(std::vector<Timed>);
  Task<void> miss(std::vector<Timed>, Instant now);
  Task<void> forget(DeviceId);
  void on_command_changed(const Command&);
  timed::Start start_of(const Timed&, Instant now) const;
  Command command_for(const Timed&) const;
  void tell(const Timed&);

  const Config& config_;
  const Needs& needs_;
  Dispatcher& dispatcher_;
  Event wake_;
  Instant soonest_{};  // when something is due next; the first sweep finds out
  bool recalled_ = false;
  bool held_ = false;  // something due had to wait for its device
  std::vector<timed::Settled> settled_;
  std::vector<std::shared_ptr<void>> subscriptions_;
  Counter started_;
  Counter missed_;
  Histogram lateness_;
};

}  // namespace croft::command

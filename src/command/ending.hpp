// The second line behind `for`: what a node should have ended by itself and still shows, is ended.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <memory>
#include <set>
#include <vector>

#include "command/command_store.hpp"
#include "command/dispatcher.hpp"

namespace croft::command {

// Looks at each done command with `for` once its time is over: when the node is there and still
// reports the commanded position, and nothing was done to that actuator since, it sends the
// opposite. A node that is not there is looked at when it comes back. What is to be looked at is a
// column of the command's row, so no restart forgets it. On the loop.
class Endings {
 public:
  static constexpr Seconds kSlack{2};  // for the node's own ending, and its word of it

  Endings(const Needs&, Dispatcher&);
  void start();
  // Once a second, until cancelled.
  Task<void> run();

 private:
  static constexpr int kAtOnce = 200;
  struct Verdict {
    commands::Over over;
    std::optional<Instant> again;  // nothing: it needs no second look
  };

  Task<std::size_t> look();
  std::optional<Instant> judge(const commands::Over&, Instant now, bool& still);
  Command opposite_of(const Command&) const;
  Task<void> end(std::vector<commands::Over>);
  Task<void> note(std::vector<Verdict>);
  Task<void> look_at_returned();

  const Needs& needs_;
  Dispatcher& dispatcher_;
  std::set<DeviceId> absent_;             // bounded by the devices there are
  std::map<DeviceId, Instant> returned_;  // when; to be looked at
  std::vector<std::shared_ptr<void>> subscriptions_;
  Counter ended_;
};

}  // namespace croft::command

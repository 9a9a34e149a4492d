// Watches readings for triggers: the journey of one judgement, from a reading to alert, command and
// e-mail.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/log.hpp"
#include "base/metrics.hpp"
#include "command/command.hpp"
#include "command/dispatcher.hpp"
#include "command/request_keys.hpp"
#include "command/trigger_store.hpp"
#include "command/turn.hpp"

namespace croft::command {

// Holds every trigger in memory beside the table, which is the truth: judging a reading writes
// nothing, a change of phase does. The triggers of a device are judged one after the other, each
// reading in the order of its coming. On the loop.
class Watch {
 public:
  static constexpr std::size_t kMostPerDevice = 100;

  Watch(const Config&, const Needs&, Dispatcher&);

  // Loads the triggers and begins to listen. Blocks.
  void start();
  // Once a second: what has lasted long enough fires, and what has fallen silent.
  Task<void> run();

  // Somebody's, oldest first.
  std::vector<Trigger> list(const UserId&, const std::optional<DeviceId>&) const;
  // Nothing for an unknown one and somebody else's alike.
  const Trigger* find(const TriggerId&, const UserId&) const;
  // Its id, time and state are set here. Errors: conflict when the device has its fill.
  Task<Result<Trigger>> add(Trigger, NoteKey = no_key);
  // A trigger that waits for something else from now on, or is disabled, begins anew; an alert of
  // it that is open is cleared. Errors: not_found when it went meanwhile; conflict as above.
  Task<Result<Trigger>> change(Trigger);
  // Its alerts stay.
  Task<void> remove(TriggerId);

 private:
  struct Watched {
    Trigger trigger;
    rules::State saved;   // as in the table
    Milliseconds lag{0};  // of the newest reading: how far the node's clock is behind ours
  };
  // The triggers of one device. Whoever looks at a state and changes it takes the turn.
  struct Post {
    Turn turn;
    std::map<TriggerId, Watched> triggers;
  };
  // Gives the turn back however its holder ends, and keeps the post as long.
  class Held {
   public:
    explicit Held(std::shared_ptr<Post> post) : post_(std::move(post)) {}
    Held(const Held&) = delete;
    Held& operator=(const Held&) = delete;
    ~Held() { post_->turn.give(); }

   private:
    std::shared_ptr<Post> post_;
  };

  Task<void> keep(std::vector<Reading>, std::function<void()> kept);
  Task<void> judge_until_kept(Watched&, const std::vector<Reading>&);
  Task<void> judge(Watched&, const std::vector<Reading>&);
  Task<void> judge(Watched&, const Reading&, double value);
  Task<void> tick(DeviceId, std::shared_ptr<Post>);
  Task<void> tell(Watched&, const rules::State& next, const rules::Transition&);
  Task<void> fire(Watched&, rules::State next, rules::Transition);
  Task<void> clear(Watched&, rules::State next, Instant at, bool mailed);
  Task<void> save(Watched&);
  Task<void> forget(DeviceId, std::shared_ptr<Post>);
  void resume_all(Instant now);

  std::shared_ptr<Post> post(const DeviceId&) const;  // nothing when it has no triggers
  std::shared_ptr<Post> post_for(const DeviceId&);
  void put(Trigger);
  Command command_for(const Trigger&, Instant now) const;
  const DeviceEntry* target(const Trigger&) const;

  const Config& config_;
  const Needs& needs_;
  Dispatcher& dispatcher_;
  std::unordered_map<DeviceId, std::shared_ptr<Post>> posts_;
  std::unordered_map<TriggerId, DeviceId> device_of_;
  std::vector<std::shared_ptr<void>> subscriptions_;
  Gauge watching_;
  Counter fired_;
  Counter cleared_;
  Counter late_;
  log::Throttle complaint_{10};
};

}  // namespace croft::command

// What just happened, told in process to whoever wants to hear. Everything on the loop.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "model/alert.hpp"
#include "model/command.hpp"
#include "model/device.hpp"
#include "model/principal.hpp"
#include "model/reading.hpp"
#include "model/user.hpp"

namespace croft::live {

// One kind of event. The subscription ends with the object that subscribe() returns.
template <class Event>
class Signal {
 public:
  using Listener = std::function<void(const Event&)>;
  using Subscription = std::shared_ptr<void>;

  [[nodiscard]] Subscription subscribe(Listener listener) {
    auto held = std::make_shared<Listener>(std::move(listener));
    listeners_[++last_] = held;
    return held;
  }
  void publish(const Event& event) {
    for (auto at = listeners_.begin(); at != listeners_.end();) {
      if (const auto listener = at->second.lock()) {
        (*listener)(event);
        ++at;
      } else {
        at = listeners_.erase(at);
      }
    }
  }

 private:
  std::map<std::uint64_t, std::weak_ptr<Listener>> listeners_;
  std::uint64_t last_ = 0;
};

// Past tense: each has happened and is stored where it must be.
struct ReadingStored {
  Reading reading;
};
struct DeviceChanged {  // online, or the reported state of its actuators
  DeviceId device;
  bool came_online = false;  // it has just said so: what was sent to it before may be lost
};
struct DeviceRegistered {
  DeviceEntry device;
};
struct DeviceRenamed {
  DeviceEntry device;
};
struct DeviceRemoved {
  DeviceEntry device;
};
struct UserChanged {  // made, or changed
  UserEntry user;
};
struct UserRemoved {
  UserId user;
};
struct CommandChanged {
  Command command;
};
struct TimedChanged {  // a timed command, as the JSON object that its routes answer
  UserId owner;
  DeviceId device;
  std::string json;
};
struct AlertChanged {  // fired or cleared
  Alert alert;
};
struct Told {  // by another process: an event as browsers see it, a JSON object
  UserId owner;
  DeviceId device;
  std::string json;
};
struct SessionEnded {
  SessionId session;
};
struct KeepersChanged {};  // they want the readings of other devices than before

// Whoever must have done something about a device's readings before their message is taken off the
// broker's hands.
struct Keeper {
  // Asked for each message, so it must cost next to nothing.
  std::function<bool(const DeviceId&)> wants;
  // The readings of one message, stored, in the order of their coming, one that came again among
  // them. Calls `kept` when it has done its part; as long as it does not, the broker keeps the
  // message, and gives it again after a restart.
  std::function<void(std::vector<Reading>, std::function<void()> kept)> keep;
};

struct Feed {
  Signal<ReadingStored> reading_stored;
  Signal<DeviceChanged> device_changed;
  Signal<DeviceRegistered> device_registered;
  Signal<DeviceRenamed> device_renamed;
  Signal<DeviceRemoved> device_removed;
  Signal<UserChanged> user_changed;
  Signal<UserRemoved> user_removed;
  Signal<CommandChanged> command_changed;
  Signal<TimedChanged> timed_changed;
  Signal<AlertChanged> alert_changed;
  Signal<Told> told;
  Signal<SessionEnded> session_ended;
  Signal<KeepersChanged> keepers_changed;
  std::vector<Keeper> keepers;  // complete before the first reading comes
};

}  // namespace croft::live

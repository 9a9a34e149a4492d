// Judges commands whose `for` is over by what their nodes report.
// SPDX-License-Identifier: Apache-2.0
#include "command/ending.hpp"

#include <algorithm>
#include <utility>

#include "base/log.hpp"

namespace croft::command {
namespace {

constexpr Seconds kTick{1};
constexpr Seconds kAfterWaiting{2};  // something else waits for that actuator just now
constexpr Seconds kRepeat{60};       // the opposite was sent and may be lost as well
constexpr Seconds kSoonest{5};       // between two looks at a node that is not there
constexpr Seconds kLatest{600};

Instant over_since(const Command& command) {
  return *command.done + Seconds(command.for_seconds.value_or(0));
}

}  // namespace

Endings::Endings(const Needs& needs, Dispatcher& dispatcher)
    : needs_(needs),
      dispatcher_(dispatcher),
      ended_(needs.metrics.counter("command_second_endings_total",
                                   "Times the server ended what a node should have ended")) {}

void Endings::start() {
  subscriptions_.push_back(
      needs_.feed.device_changed.subscribe([this](const live::DeviceChanged& event) {
        if (needs_.devices.now(event.device).online && absent_.erase(event.device) != 0)
          returned_.insert_or_assign(event.device, needs_.clock.now());
      }));
}

// A whole greenhouse may come back in one second. When that fails, they are looked at the next
// time.
Task<void> Endings::look_at_returned() {
  if (returned_.empty()) co_return;
  const auto devices = std::exchange(returned_, {});
  auto mark = [&devices](db::Connection& c) {
    for (const auto& [device, came] : devices) commands::look_now(c, device, came);
  };
  try {
    co_await needs_.database.write(mark);
  } catch (...) {
    returned_.insert(devices.begin(), devices.end());
    throw;
  }
}

Task<void> Endings::run() {
  for (;;) {
    co_await sleep_for(kTick);
    co_await look_at_returned();
    std::size_t looked = kAtOnce;
    while (looked == kAtOnce) looked = co_await look();
  }
}

Task<std::size_t> Endings::look() {
  const auto now = needs_.clock.now();
  auto find = [before = now - kSlack](db::Connection& c) {
    return commands::over(c, before, kAtOnce);
  };
  const auto found = co_await needs_.database.read(find);
  std::vector<Verdict> verdicts;
  std::vector<commands::Over> standing;
  for (const auto& over : found) {
    bool still = false;
    const auto again = judge(over, now, still);
    if (still)
      standing.push_back(over);
    else
      verdicts.push_back({over, again});
  }
  if (!standing.empty()) co_await end(std::move(standing));
  if (!verdicts.empty()) co_await note(std::move(verdicts));
  co_return found.size();
}

// When to look again; nothing when all is well, or when the node is `still` where it was sent.
std::optional<Instant> Endings::judge(const commands::Over& over, Instant now, bool& still) {
  const auto& command = over.command;
  if (over.superseded || needs_.directory.find(command.device) == nullptr) return std::nullopt;
  if (dispatcher_.waiting(command.device, command.actuator)) return now + kAfterWaiting;
  const auto& device = needs_.devices.now(command.device);
  if (!device.online) {
    absent_.insert(command.device);
    const auto age = std::chrono::duration_cast<Seconds>(now - over_since(command));
    return now + std::clamp(age / 2, kSoonest, kLatest);
  }
  const auto reported = device.state.find(command.actuator);
  still = reported != device.state.end() && reported->second == command.action;
  return std::nullopt;
}

Command Endings::opposite_of(const Command& command) const {
  Command opposite;
  opposite.device = command.device;
  opposite.owner = command.owner;
  opposite.actuator = command.actuator;
  opposite.action = command.action == "on" ? "off" : "on";
  opposite.by = command.by;
  opposite.cause =
      command.cause.starts_with("timed:") ? command.cause : "timed:" + command.id.str();
  opposite.expires = needs_.clock.now() + kRepeat;
  return opposite;
}

Task<void> Endings::end(std::vector<commands::Over> standing) {
  const auto again = needs_.clock.now() + kRepeat;
  std::vector<Dispatcher::Wish> wishes;
  for (const auto& over : standing)
    wishes.push_back(
        {opposite_of(over.command), [over, again](db::Connection& connection, const Command&) {
           return commands::look_again(connection, over, again);
         }});
  const auto made = co_await dispatcher_.add_all(std::move(wishes));
  std::vector<Verdict> later;
  for (std::size_t i = 0; i < made.size(); ++i) {
    const auto& command = standing[i].command;
    if (!made[i]) {
      log::debug("command", "an ending could not be sent now; it will be looked at again",
                 {{"command", command.id.str()}, {"error", made[i].error().message}});
      later.push_back({standing[i], again});
      continue;
    }
    ended_.add();
    log::warning("command", "a node did not end a command with `for` by itself; ending it now",
                 {{"device", command.device.str()},
                  {"actuator", command.actuator},
                  {"command", command.id.str()}});
  }
  if (!later.empty()) co_await note(std::move(later));
}

Task<void> Endings::note(std::vector<Verdict> verdicts) {
  auto mark = [&verdicts](db::Connection& connection) {
    for (const auto& [over, again] : verdicts) commands::look_again(connection, over, again);
  };
  co_await needs_.database.write(mark);
}

}  // namespace croft::command

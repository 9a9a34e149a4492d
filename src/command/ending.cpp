// Judges commands whose `for` is over by what their nodes report.
// SPDX-License-Identifier: Apache-2.0
#include "command/ending.hpp"

#include <algorithm>

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
          spawn(needs_.loop, "command", look_at(event.device));
      }));
}

Task<void> Endings::look_at(DeviceId device) {
  const auto now = needs_.clock.now();
  auto mark = [device, now](db::Connection& c) { commands::look_now(c, device, now); };
  co_await needs_.database.write(mark);
}

Task<void> Endings::run() {
  for (;;) {
    co_await sleep_for(kTick);
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
  for (const auto& over : found) {
    bool still = false;
    const auto again = judge(over, now, still);
    if (still)
      co_await end(over);
    else
      verdicts.push_back({over, again});
  }
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

Task<void> Endings::end(const commands::Over& over) {
  Command opposite;
  opposite.device = over.command.device;
  opposite.owner = over.command.owner;
  opposite.actuator = over.command.actuator;
  opposite.action = over.command.action == "on" ? "off" : "on";
  opposite.by = over.command.by;
  opposite.cause = over.command.cause.starts_with("timed:") ? over.command.cause
                                                            : "timed:" + over.command.id.str();
  opposite.expires = needs_.clock.now() + kRepeat;
  const auto again = needs_.clock.now() + kRepeat;
  const auto made = co_await dispatcher_.add(
      std::move(opposite), [over, again](db::Connection& connection, const Command&) {
        return commands::look_again(connection, over, again);
      });
  if (!made) {
    log::debug("command", "an ending could not be sent now; it will be looked at again",
               {{"command", over.command.id.str()}, {"error", made.error().message}});
    std::vector<Verdict> later{{over, again}};
    co_await note(std::move(later));
    co_return;
  }
  ended_.add();
  log::warning("command", "a node did not end a command with `for` by itself; ending it now",
               {{"device", over.command.device.str()},
                {"actuator", over.command.actuator},
                {"command", over.command.id.str()}});
}

Task<void> Endings::note(std::vector<Verdict> verdicts) {
  auto mark = [&verdicts](db::Connection& connection) {
    for (const auto& [over, again] : verdicts) commands::look_again(connection, over, again);
  };
  co_await needs_.database.write(mark);
}

}  // namespace croft::command

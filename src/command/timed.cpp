// Starts timed commands, follows them to their end, and counts how late it was.
// SPDX-License-Identifier: Apache-2.0
#include "command/timed.hpp"

#include <algorithm>

#include "base/log.hpp"
#include "command/command_store.hpp"

namespace croft::command {
namespace {

constexpr Milliseconds kLongestSleep{1000};  // the clock may be set
constexpr Milliseconds kHeldSleep{50};
constexpr int kForgetAtOnce = 500;
constexpr Instant kNever = Instant::max();

std::string cause_of(const TimedId& id) { return "timed:" + id.str(); }

Error no_such_timed() { return fail(Code::not_found, "there is no such timed command"); }

Error too_many_timed() {
  Error error = fail(Code::too_many, "the device has 10000 timed commands already");
  error.retry_after_seconds = 60;
  return error;
}

Counter outcome(Metrics& metrics, const char* outcome) {
  return metrics.counter("command_timed_starts_total", "Starts of timed commands",
                         {{"outcome", outcome}});
}

}  // namespace

TimedCommands::TimedCommands(const Config& config, const Needs& needs, Dispatcher& dispatcher)
    : config_(config),
      needs_(needs),
      dispatcher_(dispatcher),
      wake_(needs.loop),
      started_(outcome(needs.metrics, "started")),
      missed_(outcome(needs.metrics, "missed")),
      lateness_(needs.metrics.seconds("command_timed_lateness_seconds",
                                      "From the due time of a timed command to its command")) {}

void TimedCommands::start() {
  subscriptions_.push_back(needs_.feed.command_changed.subscribe(
      [this](const live::CommandChanged& event) { on_command_changed(event.command); }));
  subscriptions_.push_back(
      needs_.feed.device_removed.subscribe([this](const live::DeviceRemoved& event) {
        spawn(needs_.loop, "command", forget(event.device.id));
      }));
}

Task<Result<Timed>> TimedCommands::add(Timed timed, NoteKey note) {
  const auto now = needs_.clock.now();
  timed.id = TimedId(new_id());
  timed.created = now;
  if (timed.repeat)
    timed.next = next_due(*timed.repeat, now);
  else if (timed.at)
    timed.next = timed.at;
  if (!timed.at && !timed.repeat) {
    auto running = co_await add_running(std::move(timed), std::move(note));
    co_return running;
  }
  auto insert = [&timed, &note](db::Connection& connection) {
    if (timed::open_of(connection, timed.device) >= kMostOpenPerDevice) return false;
    if (!note(connection, timed.id.str())) return false;
    timed::add(connection, timed);
    return true;
  };
  const bool added = co_await needs_.database.write(insert);
  if (!added) co_return too_many_timed();
  tell(timed);
  if (timed.next && *timed.next < soonest_) {
    soonest_ = *timed.next;
    wake_.raise();
  }
  co_return timed;
}

Task<Result<Timed>> TimedCommands::add_running(Timed timed, NoteKey note) {
  timed.state = TimedState::running;
  timed.started = timed.created;
  bool too_many = false;
  auto also = [&](db::Connection& connection, const Command& command) {
    too_many = timed::open_of(connection, timed.device) >= kMostOpenPerDevice;
    if (too_many || !note(connection, timed.id.str())) return false;
    timed.command = command.id.str();
    timed::add(connection, timed);
    return true;
  };
  const auto made = co_await dispatcher_.add(command_for(timed), also);
  if (too_many) co_return too_many_timed();
  if (!made) co_return made.error();
  tell(timed);
  co_return timed;
}

Task<Result<Timed>> TimedCommands::cancel(TimedId id, UserId owner, std::string by) {
  for (;;) {
    auto look_up = [id](db::Connection& connection) { return timed::find(connection, id); };
    const auto timed = co_await needs_.database.read(look_up);
    if (!timed || timed->owner != owner) co_return no_such_timed();
    if (timed->state == TimedState::running) {
      auto cancelled = co_await cancel_running(*timed, by);
      if (cancelled || cancelled.error().code != Code::conflict) co_return cancelled;
      continue;  // it ended just now
    }
    if (timed->state != TimedState::scheduled) co_return *timed;
    auto mark = [id, now = needs_.clock.now()](db::Connection& connection) {
      return timed::cancel(connection, id, TimedState::scheduled, now);
    };
    const auto cancelled = co_await needs_.database.write(mark);
    if (!cancelled) continue;  // it started just now
    tell(*cancelled);
    co_return *cancelled;
  }
}

// A start that did not leave yet is taken back; the opposite goes out in any case.
Task<Result<Timed>> TimedCommands::cancel_running(const Timed& timed, std::string by) {
  Command opposite = command_for(timed);
  opposite.action = timed.action == "on" ? "off" : "on";
  opposite.for_seconds.reset();
  opposite.by = std::move(by);
  std::optional<Timed> cancelled;
  std::optional<Command> withdrawn;
  const auto now = needs_.clock.now();
  const CommandId start(timed.command.value_or(""));
  auto also = [&](db::Connection& connection, const Command&) {
    cancelled = timed::cancel(connection, timed.id, TimedState::running, now);
    if (cancelled) withdrawn = commands::withdraw(connection, start, now);
    return cancelled.has_value();
  };
  const auto made = co_await dispatcher_.add(std::move(opposite), also);
  if (!made) co_return made.error();
  if (withdrawn) dispatcher_.withdrawn(*withdrawn);
  tell(*cancelled);
  co_return *cancelled;
}

Task<Result<Timed>> TimedCommands::enable(TimedId id, UserId owner, bool enabled) {
  auto look_up = [id](db::Connection& connection) { return timed::find(connection, id); };
  const auto timed = co_await needs_.database.read(look_up);
  if (!timed || timed->owner != owner) co_return no_such_timed();
  if (!timed->repeat)
    co_return fail(Code::conflict, "only a repeating one can be switched off and on; cancel it");
  if (timed->enabled == enabled && timed->state != TimedState::cancelled) co_return *timed;
  std::optional<Instant> next;
  if (enabled) next = next_due(*timed->repeat, needs_.clock.now());
  auto mark = [id, enabled, next](db::Connection& connection) {
    return timed::enable(connection, id, enabled, next);
  };
  const auto changed = co_await needs_.database.write(mark);
  if (!changed) co_return fail(Code::conflict, "it has been cancelled");
  tell(*changed);
  wake_.raise();
  co_return *changed;
}

void TimedCommands::on_command_changed(const Command& command) {
  const bool over = command.state == CommandState::done || command.state == CommandState::refused ||
                    command.state == CommandState::expired;
  if (!over || !command.done) return;
  if (settled_.size() < kMostSettled)
    settled_.push_back({command.id, command.device, command.actuator, command.state, *command.done,
                        command.reason});
  else
    recalled_ = false;  // the tables know it as well
  wake_.raise();
}

Task<void> TimedCommands::run() {
  for (;;) {
    co_await sweep();
    if (held_) co_await sleep_for(kHeldSleep);
    bool look = held_;
    while (!look) {
      const auto left = soonest_ - needs_.clock.now();
      const bool woken = co_await wake_.wait_for(std::clamp(left, Milliseconds(1), kLongestSleep));
      look = woken || needs_.clock.now() >= soonest_;
    }
  }
}

Task<void> TimedCommands::sweep() {
  if (!recalled_) co_await recall();
  if (!settled_.empty()) co_await follow();
  co_await start_due();
  co_await complete();
  soonest_ = kNever;  // one that is added from here on lowers it again, and wakes us
  const auto found = co_await needs_.database.read(timed::soonest);
  if (found) soonest_ = std::min(soonest_, *found);
}

Task<void> TimedCommands::recall() {
  auto found = co_await needs_.database.read(timed::unfollowed);
  recalled_ = true;
  settled_.insert(settled_.begin(), found.begin(), found.end());
}

// What is taken out is put back when the database fails, so nothing is forgotten.
Task<void> TimedCommands::follow() {
  while (!settled_.empty()) {
    const auto count = std::min<std::size_t>(settled_.size(), kAtOnce);
    const std::vector<timed::Settled> batch(settled_.begin(),
                                            settled_.begin() + static_cast<std::ptrdiff_t>(count));
    auto fold = [&batch](db::Connection& connection) {
      std::vector<Timed> changed;
      for (const auto& settled : batch) {
        auto some = timed::follow(connection, settled);
        std::move(some.begin(), some.end(), std::back_inserter(changed));
      }
      return changed;
    };
    const auto changed = co_await needs_.database.write(fold);
    settled_.erase(settled_.begin(), settled_.begin() + static_cast<std::ptrdiff_t>(count));
    for (const auto& timed : changed) tell(timed);
  }
}

Task<void> TimedCommands::complete() {
  int count = kAtOnce;
  while (count == kAtOnce) {
    auto mark = [now = needs_.clock.now()](db::Connection& connection) {
      return timed::complete(connection, now, kAtOnce);
    };
    const auto over = co_await needs_.database.write(mark);
    for (const auto& timed : over) tell(timed);
    count = static_cast<int>(over.size());
  }
}

Task<void> TimedCommands::start_due() {
  held_ = false;
  timed::After after;
  std::size_t count = kDueAtOnce;
  while (count == kDueAtOnce) {
    auto look_up = [now = needs_.clock.now(), after](db::Connection& connection) {
      return timed::due(connection, now, after, kDueAtOnce);
    };
    auto page = co_await needs_.database.read(look_up);
    count = page.size();
    if (page.empty()) co_return;
    after = {*page.back().next, page.back().id};
    co_await start_these(std::move(page));
  }
}

Task<void> TimedCommands::start_these(std::vector<Timed> page) {
  const auto now = needs_.clock.now();
  std::vector<Timed> late;
  std::vector<Timed> starting;
  std::vector<Dispatcher::Wish> wishes;
  for (auto& timed : page) {
    if (needs_.directory.find(timed.device) == nullptr) {
      spawn(needs_.loop, "command", forget(timed.device));  // its removal was cut off
    } else if (now - *timed.next > config_.grace) {
      late.push_back(std::move(timed));
    } else {
      wishes.push_back({command_for(timed), [start = start_of(timed, now)](
                                                db::Connection& connection, const Command& c) {
                          return timed::start(connection, start, c.id);
                        }});
      starting.push_back(std::move(timed));
    }
  }
  if (!late.empty()) co_await miss(std::move(late), now);
  const auto made = co_await dispatcher_.add_all(std::move(wishes));
  for (std::size_t i = 0; i < made.size(); ++i) {
    if (!made[i]) {
      held_ = held_ || made[i].error().code == Code::too_many;
      continue;
    }
    auto& timed = starting[i];
    started_.add();
    const auto lateness = needs_.clock.now() - *timed.next;
    lateness_.observe(std::chrono::duration<double>(lateness).count());
    timed.next = start_of(timed, now).following;
    timed.state = TimedState::running;
    timed.started = now;
    timed.ends.reset();
    timed.reason.clear();
    timed.command = made[i]->id.str();
    tell(timed);
  }
}

Task<void> TimedCommands::miss(std::vector<Timed> late, Instant now) {
  auto mark = [this, &late, now](db::Connection& connection) {
    std::vector<Timed> missed;
    for (const auto& timed : late)
      if (auto row = timed::miss(connection, start_of(timed, now), "Croft was not there in time"))
        missed.push_back(std::move(*row));
    return missed;
  };
  const auto missed = co_await needs_.database.write(mark);
  for (const auto& timed : missed) {
    missed_.add();
    log::warning("command", "a timed command missed its start and the grace after it",
                 {{"timed", timed.id.str()},
                  {"device", timed.device.str()},
                  {"due", format_instant(*timed.missed)}});
    tell(timed);
  }
}

Task<void> TimedCommands::forget(DeviceId device) {
  std::int64_t removed = kForgetAtOnce;
  while (removed == kForgetAtOnce) {
    auto erase = [device](db::Connection& connection) {
      return timed::forget(connection, device, kForgetAtOnce);
    };
    removed = co_await needs_.database.write(erase);
  }
}

// Of many starts that passed in the meantime only one that is within the grace still counts.
timed::Start TimedCommands::start_of(const Timed& timed, Instant now) const {
  timed::Start start{timed.id, *timed.next, now, std::nullopt};
  if (!timed.repeat) return start;
  const bool late = now - *timed.next > config_.grace;
  start.following = next_due(
      *timed.repeat, late ? now - config_.grace - Milliseconds(1) : std::max(now, *timed.next));
  return start;
}

Command TimedCommands::command_for(const Timed& timed) const {
  Command command;
  command.device = timed.device;
  command.owner = timed.owner;
  command.actuator = timed.actuator;
  command.action = timed.action;
  command.for_seconds = timed.for_seconds;
  command.by = timed.by;
  command.cause = cause_of(timed.id);
  command.expires = needs_.clock.now() + config_.validity;
  return command;
}

void TimedCommands::tell(const Timed& timed) {
  JsonWriter json;
  write_json(json, timed);
  needs_.feed.timed_changed.publish({timed.owner, timed.device, std::move(json).str()});
}

}  // namespace croft::command

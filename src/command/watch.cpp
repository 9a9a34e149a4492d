// From a reading to alert, command and e-mail: one transaction.
// SPDX-License-Identifier: Apache-2.0
#include "command/watch.hpp"

#include <algorithm>

#include "command/alert_mail.hpp"
#include "command/alert_store.hpp"

namespace croft::command {
namespace {

constexpr Seconds kTick{1};
constexpr Seconds kAsleep{60};  // a tick later than that: the machine slept
constexpr Seconds kTryAgain{1};
constexpr int kForgetAtOnce = 500;

Counter counted(Metrics& metrics, const char* change) {
  return metrics.counter("alerts_total", "Alerts by what became of them", {{"change", change}});
}

}  // namespace

Watch::Watch(const Config& config, const Needs& needs, Dispatcher& dispatcher)
    : config_(config),
      needs_(needs),
      dispatcher_(dispatcher),
      watching_(needs.metrics.gauge("triggers", "Triggers that exist")),
      fired_(counted(needs.metrics, "fired")),
      cleared_(counted(needs.metrics, "cleared")),
      late_(needs.metrics.counter("trigger_readings_late_total",
                                  "Readings too old to be judged live")) {}

void Watch::start() {
  for (auto& trigger : needs_.database.read_now(triggers::all)) put(std::move(trigger));
  resume_all(needs_.clock.now());
  subscriptions_.push_back(
      needs_.feed.device_removed.subscribe([this](const live::DeviceRemoved& event) {
        spawn(needs_.loop, "command", forget(event.device.id, post(event.device.id)));
      }));
  live::Keeper keeper;
  keeper.wants = [this](const DeviceId& device) {
    const auto found = posts_.find(device);
    return found != posts_.end() && !found->second->triggers.empty();
  };
  keeper.keep = [this](std::vector<Reading> readings, std::function<void()> kept) {
    spawn(needs_.loop, "command", keep(std::move(readings), std::move(kept)));
  };
  needs_.feed.keepers.push_back(std::move(keeper));
}

// The journey of one judgement. Only when all that follows from the readings is committed does the
// broker get its acknowledgement; whatever breaks before lets them come again, and judging a
// reading again changes nothing.
Task<void> Watch::keep(std::vector<Reading> readings, std::function<void()> kept) {
  const auto post = this->post(readings.front().device);
  if (post) {
    co_await post->turn.take();
    const Held held(post);
    for (auto& [id, watched] : post->triggers)
      if (watched.trigger.enabled) co_await judge_until_kept(watched, readings);
  }
  kept();
}

// The store may be away for a while; the device's further messages wait at the broker meanwhile.
Task<void> Watch::judge_until_kept(Watched& watched, const std::vector<Reading>& readings) {
  for (;;) {
    try {
      co_await judge(watched, readings);
      co_return;
    } catch (const db::Broken& broken) {
      complaint_.write(log::Level::error, "command",
                       "what follows from a reading cannot be stored; check the database's disk",
                       {{"error", broken.what()}});
    }
    co_await sleep_for(kTryAgain);
  }
}

Task<void> Watch::judge(Watched& watched, const std::vector<Reading>& readings) {
  for (const auto& reading : readings) {
    const auto value = number_of(reading, watched.trigger.condition.measurement);
    if (!value) continue;
    co_await judge(watched, reading, *value);
  }
  co_await save(watched);
}

Task<void> Watch::judge(Watched& watched, const Reading& reading, double value) {
  const auto& condition = watched.trigger.condition;
  // Silence is about hearing, whatever the node's clock says.
  const bool silent = condition.kind == rules::Kind::silent;
  const Instant time = silent ? reading.received : reading.time;
  if (time < reading.received - rules::kLateAfter) {
    late_.add();
    co_return;
  }
  watched.lag = reading.received - time;
  auto next = watched.trigger.state;
  const auto before = rules::tick(condition, next, time);
  co_await tell(watched, next, before);
  next = watched.trigger.state;
  const auto now = rules::judge(condition, next, time, value);
  co_await tell(watched, next, now);
}

Task<void> Watch::tell(Watched& watched, const rules::State& next,
                       const rules::Transition& transition) {
  if (transition.change == rules::Change::fired)
    co_await fire(watched, next, transition);
  else if (transition.change == rules::Change::cleared)
    co_await clear(watched, next, transition.at, true);
  else
    watched.trigger.state = next;
}

// Alert, command, e-mail and the new state are one transaction.
Task<void> Watch::fire(Watched& watched, rules::State next, rules::Transition transition) {
  const Trigger& trigger = watched.trigger;
  Alert alert = alert_of(trigger, transition);
  const auto mail = firing_mail(needs_, trigger, alert);
  const auto now = needs_.clock.now();
  const auto record = [&](db::Connection& connection) {
    if (!alerts::open(connection, alert)) return false;
    if (mail) alerts::note_mail(connection, alert.id, mail::enqueue(connection, *mail, now).str());
    triggers::keep_state(connection, trigger.id, next);
    return true;
  };
  bool done = false;
  bool opened = false;
  if (trigger.command && target(trigger) != nullptr) {
    const auto sent = co_await dispatcher_.add(
        command_for(trigger, now), [&](db::Connection& connection, const Command& command) {
          alert.command = command.id;
          return record(connection);
        });
    opened = sent.has_value();
    done = opened || sent.error().code == Code::conflict;
    if (!done)
      log::warning("command", "a trigger fired, but its device has too many commands waiting",
                   {{"trigger", trigger.id.str()}, {"device", trigger.command->device.str()}});
  }
  if (!done) {
    alert.command.reset();
    opened = co_await needs_.database.write(record);
  }
  watched.trigger.state = watched.saved = next;
  if (!opened) co_return;  // it was told before, only the database's answer never reached us
  fired_.add();
  if (mail) alert.email_state = "queued";
  needs_.feed.alert_changed.publish({alert});
}

Task<void> Watch::clear(Watched& watched, rules::State next, Instant at, bool mailed) {
  const Trigger& trigger = watched.trigger;
  const auto now = needs_.clock.now();
  std::optional<mail::NewMail> mail;
  if (mailed) mail = clearing_mail(needs_, trigger, next, at);
  const auto record = [&](db::Connection& connection) {
    const auto closed = alerts::close(connection, trigger.id, at);
    triggers::keep_state(connection, trigger.id, next);
    if (closed && mail) {
      mail->about = closed->id.str();
      mail::enqueue(connection, *mail, now);
    }
    return closed;
  };
  const auto closed = co_await needs_.database.write(record);
  watched.trigger.state = watched.saved = next;
  if (!closed) co_return;
  cleared_.add();
  needs_.feed.alert_changed.publish({*closed});
}

// Only a change of phase is worth a write: a reading judged again after a crash comes out the same.
Task<void> Watch::save(Watched& watched) {
  if (watched.trigger.state.phase == watched.saved.phase) co_return;
  const auto state = watched.trigger.state;
  const auto id = watched.trigger.id;
  auto keep = [id, state](db::Connection& connection) {
    triggers::keep_state(connection, id, state);
  };
  co_await needs_.database.write(keep);
  watched.saved = state;
}

Task<void> Watch::run() {
  auto last = needs_.clock.now();
  for (;;) {
    co_await sleep_for(kTick);
    const auto now = needs_.clock.now();
    if (now - last > kAsleep) resume_all(now);
    last = now;
    const auto posts = posts_;
    for (const auto& [device, post] : posts) co_await tick(device, post);
  }
}

Task<void> Watch::tick(DeviceId device, std::shared_ptr<Post> post) {
  const auto is_due = [now = needs_.clock.now()](const auto& entry) {
    const auto& [trigger, saved, lag] = entry.second;
    const auto at = rules::due(trigger.condition, trigger.state);
    return trigger.enabled && at && *at <= now - lag;
  };
  if (std::ranges::none_of(post->triggers, is_due)) co_return;
  co_await post->turn.take();
  const Held held(post);
  if (needs_.directory.find(device) == nullptr) co_return;
  for (auto& entry : post->triggers) {
    if (!is_due(entry)) continue;
    auto& watched = entry.second;
    auto next = watched.trigger.state;
    const auto transition =
        rules::tick(watched.trigger.condition, next, needs_.clock.now() - watched.lag);
    co_await tell(watched, next, transition);
  }
}

void Watch::resume_all(Instant now) {
  for (auto& [device, post] : posts_)
    for (auto& [id, watched] : post->triggers)
      rules::resume(watched.trigger.condition, watched.trigger.state, now);
}

Task<void> Watch::forget(DeviceId device, std::shared_ptr<Post> post) {
  if (post) {
    posts_.erase(device);
    co_await post->turn.take();
    const Held held(post);
    for (const auto& [id, watched] : post->triggers) device_of_.erase(id);
    watching_.add(-static_cast<std::int64_t>(post->triggers.size()));
    post->triggers.clear();
  }
  std::int64_t removed = kForgetAtOnce;
  while (removed == kForgetAtOnce) {
    auto erase = [device](db::Connection& connection) {
      triggers::forget(connection, device);
      return alerts::forget(connection, device, kForgetAtOnce);
    };
    removed = co_await needs_.database.write(erase);
  }
}

// The device that the trigger's command goes to, as long as it is its owner's.
const DeviceEntry* Watch::target(const Trigger& trigger) const {
  return needs_.directory.find_owned(trigger.command->device, trigger.owner);
}

Command Watch::command_for(const Trigger& trigger, Instant now) const {
  Command command;
  command.device = trigger.command->device;
  command.owner = trigger.owner;
  command.actuator = trigger.command->actuator;
  command.action = trigger.command->action;
  command.for_seconds = trigger.command->for_seconds;
  command.by = trigger.by;
  command.cause = "trigger:" + trigger.id.str();
  command.expires = now + config_.validity;
  return command;
}

}  // namespace croft::command

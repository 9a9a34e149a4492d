// Delivers commands, hears what became of them, and expires the rest.
// SPDX-License-Identifier: Apache-2.0
#include "command/dispatcher.hpp"

#include <algorithm>
#include <array>

#include "base/log.hpp"
#include "command/command_store.hpp"
#include "protocol/command_codec.hpp"
#include "protocol/topics.hpp"

namespace croft::command {
namespace {

constexpr Seconds kTick{1};
constexpr Seconds kTryAgain{5};     // a pending command for a device that never says "online"
constexpr Seconds kAnswerWait{2};   // a sent one is not repeated before, when its node comes back
constexpr Seconds kExpiryGrace{2};  // for an answer that is on its way
constexpr int kForgetAtOnce = 500;
constexpr std::size_t kMostInTransaction = 500;

Error too_many_open() {
  Error error = fail(Code::too_many, "the device has 100 commands waiting already");
  error.retry_after_seconds = 30;
  return error;
}

Counter outcome(Metrics& metrics, const char* state) {
  return metrics.counter("commands_total", "Commands by what became of them", {{"state", state}});
}

mqtt::Message message_for(const Command& command, Instant now) {
  protocol::Command wire;
  wire.id.assign(command.id.str());
  wire.actuator.assign(command.actuator);
  wire.on = command.action == "on";
  if (command.for_seconds) wire.for_seconds = static_cast<std::uint32_t>(*command.for_seconds);
  wire.expires_ms = to_ms(command.expires);
  std::array<char, protocol::kMaxCommandBytes> payload{};
  std::array<char, protocol::kMaxTopicBytes> topic{};
  mqtt::Message message;
  message.topic = protocol::write_topic(command.device.str(), protocol::Kind::command, topic.data(),
                                        topic.size());
  message.payload = protocol::encode_command(wire, payload.data(), payload.size());
  message.qos = 1;
  message.expiry = std::chrono::ceil<Seconds>(command.expires - now);
  return message;
}

}  // namespace

Dispatcher::Dispatcher(const Needs& needs, Marks::Bounds bounds)
    : needs_(needs),
      marks_(needs.loop, needs.database, needs.metrics, bounds),
      added_(outcome(needs.metrics, "added")),
      done_(outcome(needs.metrics, "done")),
      refused_(outcome(needs.metrics, "refused")),
      expired_(outcome(needs.metrics, "expired")),
      unreadable_(needs.metrics.counter("command_acknowledgements_unreadable_total",
                                        "Answers of nodes that could not be read")),
      turned_away_count_(needs.metrics.counter(
          "command_acknowledgements_put_off_total",
          "Answers of nodes left with the broker for want of room, to come again")) {}

void Dispatcher::start() {
  const auto open = needs_.database.read_now(commands::open);
  for (const auto& command : open) {
    by_device_[command.device].push_back(command.id);
    open_[command.id] = {command};
  }
  subscriptions_.push_back(
      needs_.feed.device_changed.subscribe([this](const live::DeviceChanged& event) {
        if (event.came_online) on_device_online(event.device);
      }));
  subscriptions_.push_back(needs_.feed.device_removed.subscribe(
      [this](const live::DeviceRemoved& event) { on_device_removed(event.device.id); }));
  needs_.mqtt.subscribe(
      std::string(protocol::filter(protocol::Kind::command_ack)), 1,
      [this](mqtt::Delivery delivery) { on_acknowledgement(std::move(delivery)); });
}

Task<Result<Command>> Dispatcher::add(Command command, Also also) {
  std::vector<Wish> wishes;
  wishes.push_back({std::move(command), std::move(also)});
  auto made = co_await add_all(std::move(wishes));
  co_return std::move(made.front());
}

Task<std::vector<Result<Command>>> Dispatcher::add_all(std::vector<Wish> wishes) {
  std::map<DeviceId, std::size_t> open;
  std::vector<char> added(wishes.size(), 0);
  std::vector<Result<Command>> answers;
  for (std::size_t i = 0; i < wishes.size(); ++i) {
    auto& command = wishes[i].command;
    const auto counted = open.try_emplace(command.device, open_count(command.device)).first;
    answers.emplace_back(fail(Code::conflict, "called off"));
    added[i] = counted->second < kMostOpenPerDevice ? 1 : 0;
    if (added[i] == 0) answers.back() = too_many_open();
    counted->second += static_cast<std::size_t>(added[i]);
    command.id = CommandId(new_id());
    command.state = CommandState::pending;
    command.created = needs_.clock.now();
  }
  for (std::size_t from = 0; from < wishes.size(); from += kMostInTransaction) {
    const auto to = std::min(from + kMostInTransaction, wishes.size());
    auto insert = [&wishes, &added, from, to](db::Connection& connection) {
      std::vector<char> stored(to - from, 0);
      for (std::size_t i = from; i < to; ++i) {
        const auto& [command, also] = wishes[i];
        if (added[i] == 0 || (also && !also(connection, command))) continue;
        commands::add(connection, command);
        stored[i - from] = 1;
      }
      return stored;
    };
    const auto stored = co_await needs_.database.write(insert);
    std::copy(stored.begin(), stored.end(), added.begin() + static_cast<std::ptrdiff_t>(from));
    for (std::size_t i = from; i < to; ++i) {
      if (added[i] == 0) continue;
      const auto& command = wishes[i].command;
      added_.add();
      open_[command.id] = {command};
      by_device_[command.device].push_back(command.id);
      answers[i] = command;
      tell(command);
      spawn(needs_.loop, "command", deliver(command.id));
    }
  }
  co_return answers;
}

void Dispatcher::withdrawn(const Command& command) {
  open_.erase(command.id);
  std::erase(by_device_[command.device], command.id);
  expired_.add();
  tell(command);
}

bool Dispatcher::waiting(const DeviceId& device, const std::string& actuator) const {
  const auto ids = open_of(device);
  return std::any_of(ids.begin(), ids.end(),
                     [&](const auto& id) { return open_.at(id).command.actuator == actuator; });
}

// Sent means: the broker has it for a node that listens. With nobody there it stays pending.
Task<void> Dispatcher::deliver(CommandId id) {
  const auto waiting = open_.find(id);
  if (waiting == open_.end() || waiting->second.publishing || waiting->second.answered) co_return;
  const auto now = needs_.clock.now();
  if (waiting->second.command.expires <= now) co_return;
  waiting->second.publishing = true;
  waiting->second.tried = now;
  const auto reach = co_await needs_.mqtt.publish(message_for(waiting->second.command, now));

  const auto open = open_.find(id);  // it may have been settled or removed meanwhile
  if (open == open_.end()) co_return;
  open->second.publishing = false;
  if (!reach) {
    log::warning("command", "a command could not be given to the broker; it will be tried again",
                 {{"command", id.str()}, {"error", reach.error().message}});
    co_return;
  }
  open->second.reached = *reach != mqtt::Client::Reach::nobody;
  if (!open->second.reached) co_return;
  if (open->second.command.state != CommandState::pending || open->second.marking) co_return;
  open->second.marking = true;
  const auto sent = co_await marks_.sent(id, needs_.clock.now());
  if (!sent) co_return;  // its node was faster
  if (const auto still = open_.find(id); still != open_.end()) still->second.command = *sent;
  tell(*sent);
}

void Dispatcher::on_acknowledgement(mqtt::Delivery delivery) {
  if (marks_.has_room()) {
    spawn(needs_.loop, "command", settle(std::move(delivery)));
    return;
  }
  turned_away_ = true;
  turned_away_count_.add();
}

Task<void> Dispatcher::settle(mqtt::Delivery delivery) {
  const auto topic = protocol::parse_topic(delivery.topic());
  protocol::CommandAck ack;
  if (!topic || !protocol::decode_command_ack(delivery.payload(), ack)) {
    unreadable_.add();
    log::debug("command", "an answer could not be read", {{"topic", delivery.topic()}});
    delivery.acknowledge();
    co_return;
  }
  const commands::Outcome outcome{CommandId(ack.id.view()), DeviceId(topic->device),
                                  ack.done ? CommandState::done : CommandState::refused,
                                  std::string(ack.reason.view()), needs_.clock.now()};
  needs_.devices.seen(outcome.device);
  answered(outcome);
  const auto settled = co_await marks_.finish(outcome);
  delivery.acknowledge();
  welcome_back();
  if (!settled) co_return;  // a repeated answer, or one to somebody else's command
  const auto open = open_.find(settled->id);
  const bool was_pending =
      open != open_.end() && open->second.command.state == CommandState::pending;
  open_.erase(settled->id);
  std::erase(by_device_[settled->device], settled->id);
  (ack.done ? done_ : refused_).add();
  if (was_pending) {
    // The node answered before the broker did; listeners still hear every step.
    Command sent = *settled;
    sent.state = CommandState::sent;
    sent.done.reset();
    sent.reason.clear();
    tell(sent);
  }
  tell(*settled);
}

void Dispatcher::answered(const commands::Outcome& outcome) {
  const auto open = open_.find(outcome.id);
  if (open != open_.end() && open->second.command.device == outcome.device)
    open->second.answered = true;
}

// What was turned away is with the broker still, which gives it again to a new connection.
void Dispatcher::welcome_back() {
  if (!turned_away_ || !marks_.idle()) return;
  turned_away_ = false;
  log::warning("command", "answers had to wait with the broker; connecting again to hear them");
  needs_.mqtt.drop();
}

Task<void> Dispatcher::run() {
  for (;;) {
    co_await sleep_for(kTick);
    co_await expire();
    deliver_waiting();
  }
}

Task<void> Dispatcher::expire() {
  const auto now = needs_.clock.now() - kExpiryGrace;
  const bool any = std::any_of(open_.begin(), open_.end(), [now](const auto& entry) {
    return entry.second.command.expires <= now;
  });
  if (!any) co_return;
  auto mark = [now](db::Connection& connection) { return commands::expire(connection, now); };
  const auto gone = co_await needs_.database.write(mark);
  for (const auto& command : gone) {
    open_.erase(command.id);
    std::erase(by_device_[command.device], command.id);
    expired_.add();
    tell(command);
  }
}

void Dispatcher::deliver_waiting() {
  const auto now = needs_.clock.now();
  for (const auto& [id, open] : open_)
    if (open.command.state == CommandState::pending && !open.publishing && !open.marking &&
        now - open.tried >= kTryAgain)
      spawn(needs_.loop, "command", deliver(id));
}

// A node that comes back may have missed what was sent; it remembers the ids of what it did.
void Dispatcher::on_device_online(const DeviceId& device) {
  const auto now = needs_.clock.now();
  for (const auto& id : open_of(device)) {
    const auto& open = open_.at(id);
    const bool under_way = open.reached && now - open.tried < kAnswerWait;
    if (!under_way) spawn(needs_.loop, "command", deliver(id));
  }
}

void Dispatcher::on_device_removed(const DeviceId& device) {
  for (const auto& id : open_of(device)) open_.erase(id);
  by_device_.erase(device);
  spawn(needs_.loop, "command", forget(device));
}

Task<void> Dispatcher::forget(DeviceId device) {
  std::int64_t removed = kForgetAtOnce;
  while (removed == kForgetAtOnce) {
    auto erase = [device](db::Connection& connection) {
      return commands::forget(connection, device, kForgetAtOnce);
    };
    removed = co_await needs_.database.write(erase);
  }
}

std::vector<CommandId> Dispatcher::open_of(const DeviceId& device) const {
  const auto found = by_device_.find(device);
  return found == by_device_.end() ? std::vector<CommandId>{} : found->second;
}

std::size_t Dispatcher::open_count(const DeviceId& device) const {
  const auto found = by_device_.find(device);
  return found == by_device_.end() ? 0 : found->second.size();
}

void Dispatcher::tell(const Command& command) { needs_.feed.command_changed.publish({command}); }

}  // namespace croft::command

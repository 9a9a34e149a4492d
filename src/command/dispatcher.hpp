// The life of a command: stored, sent when the node listens, settled by the node's own word.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/metrics.hpp"
#include "command/command.hpp"
#include "command/marks.hpp"
#include "model/command.hpp"

namespace croft::command {

// Holds the open commands (pending or sent) in memory beside the table, which is the truth. On the
// loop.
class Dispatcher {
 public:
  // More open commands than this for one device are refused: nobody is listening there.
  static constexpr std::size_t kMostOpenPerDevice = 100;

  explicit Dispatcher(const Needs&, Marks::Bounds = Marks::Bounds());

  // Fills what is open from the table and subscribes. Blocks.
  void start();
  // Stores the command (its id, state and times are set here) and starts to deliver it. `also` runs
  // in the same transaction and may call the whole thing off by returning false.
  // Errors: too_many; conflict when called off.
  using Also = std::function<bool(db::Connection&, const Command&)>;
  Task<Result<Command>> add(Command, Also also = nullptr);
  // Many, at most 500 in one transaction, each with its own answer, in the same order; each is
  // delivered when its transaction is on disk.
  struct Wish {
    Command command;
    Also also;
  };
  Task<std::vector<Result<Command>>> add_all(std::vector<Wish>);
  // It was taken back in somebody's transaction: delivers it no more, and tells.
  void withdrawn(const Command&);
  // Whether something still waits for this actuator.
  bool waiting(const DeviceId&, const std::string& actuator) const;
  // Once a second: expires what is over, delivers again what still waits.
  Task<void> run();

 private:
  struct Open {
    Command command;
    bool publishing = false;
    Instant tried{};        // when it was last given to the broker
    bool reached = false;   // and somebody listened then
    bool marking = false;   // that it was sent is on its way to the disk
    bool answered = false;  // and so is its node's word: it needs no delivery any more
  };

  Task<void> deliver(CommandId);
  Task<void> expire();
  void deliver_waiting();
  void on_acknowledgement(mqtt::Delivery);
  Task<void> settle(mqtt::Delivery);
  void answered(const commands::Outcome&);
  void welcome_back();
  void on_device_online(const DeviceId&);
  void on_device_removed(const DeviceId&);
  Task<void> forget(DeviceId);
  std::vector<CommandId> open_of(const DeviceId&) const;  // oldest first
  std::size_t open_count(const DeviceId&) const;
  void tell(const Command&);

  const Needs& needs_;
  Marks marks_;
  bool turned_away_ = false;  // an answer, for want of room
  std::map<CommandId, Open> open_;
  std::map<DeviceId, std::vector<CommandId>> by_device_;
  std::vector<std::shared_ptr<void>> subscriptions_;
  Counter added_;
  Counter done_;
  Counter refused_;
  Counter expired_;
  Counter unreadable_;
  Counter turned_away_count_;
};

}  // namespace croft::command

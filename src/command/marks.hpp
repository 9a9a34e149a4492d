// Group commit of what became of commands: the next transaction takes what came during the last.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <deque>
#include <exception>
#include <functional>
#include <optional>
#include <span>
#include <variant>
#include <vector>

#include "base/log.hpp"
#include "base/metrics.hpp"
#include "base/task.hpp"
#include "command/command_store.hpp"
#include "db/database.hpp"

namespace croft::command {

// Thousands of commands may be due in one second, and each is marked twice: sent, and answered. A
// transaction for each would keep the answers waiting. Marks are carried out in the order of their
// coming; a broken store is tried again until it works, and nothing is lost meanwhile. On the loop.
class Marks {
 public:
  struct Bounds {
    std::size_t in_transaction = 500;
    std::size_t waiting = 20'000;  // then has_room() is false
  };

  Marks(Executor, db::Database&, Metrics&, Bounds);
  Marks(Executor loop, db::Database& database, Metrics& metrics)
      : Marks(std::move(loop), database, metrics, Bounds()) {}

  // Each answers when its mark is on disk, as the function of that name in `commands` does: the
  // command as it is then, or nothing when it had moved on already.
  Task<std::optional<Command>> sent(CommandId, Instant at);
  Task<std::optional<Command>> finish(commands::Outcome);

  // There is always room for sent(), whose number the open commands bound. Answers come from
  // outside.
  bool has_room() const { return waiting_.size() < bounds_.waiting; }
  bool idle() const { return !committing_; }

 private:
  struct Sent {
    CommandId id;
    Instant at;
  };
  using What = std::variant<Sent, commands::Outcome>;
  struct Mark {
    What what;
    std::function<void(std::exception_ptr, std::optional<Command>)> done;
    std::optional<Command> result{};
    std::exception_ptr failure{};
  };

  Task<std::optional<Command>> add(What);
  Task<void> commit();
  std::vector<Mark> next_group();
  Task<void> keep(std::span<Mark>, bool again);
  static std::optional<Command> carry_out(db::Connection&, const What&, bool again);

  Executor loop_;
  db::Database& database_;
  Bounds bounds_;
  std::deque<Mark> waiting_;
  bool committing_ = false;
  log::Throttle complaint_{10};
  Histogram commit_seconds_;
  Counter failures_;
};

}  // namespace croft::command

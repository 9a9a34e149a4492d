// Collects marks into groups and commits them one group after the other.
// SPDX-License-Identifier: Apache-2.0
#include "command/marks.hpp"

#include <algorithm>
#include <chrono>
#include <memory>
#include <utility>

namespace croft::command {
namespace {

using std::chrono::steady_clock;

}  // namespace

Marks::Marks(Executor loop, db::Database& database, Metrics& metrics, Bounds bounds)
    : loop_(std::move(loop)),
      database_(database),
      bounds_(bounds),
      commit_seconds_(metrics.seconds("command_marks_commit_seconds",
                                      "Time to put a group of sent and answered commands on disk")),
      failures_(metrics.counter("command_marks_failures_total",
                                "Transactions of marks that failed and are tried again")) {}

Task<std::optional<Command>> Marks::sent(CommandId id, Instant at) {
  return add(Sent{std::move(id), at});
}

Task<std::optional<Command>> Marks::finish(commands::Outcome outcome) {
  return add(std::move(outcome));
}

Task<std::optional<Command>> Marks::add(What what) {
  auto start = [this](auto handler, What mark) {
    auto shared = std::make_shared<decltype(handler)>(std::move(handler));
    auto done = [loop = loop_, shared](std::exception_ptr failure, std::optional<Command> result) {
      asio::post(loop, [shared, failure, result = std::move(result)]() mutable {
        auto resume = std::move(*shared);
        resume(failure, std::move(result));
      });
    };
    waiting_.push_back({std::move(mark), std::move(done)});
    if (!std::exchange(committing_, true)) spawn(loop_, "command", commit());
  };
  auto result = co_await asio::async_initiate<const asio::use_awaitable_t<>,
                                              void(std::exception_ptr, std::optional<Command>)>(
      start, asio::use_awaitable, std::move(what));
  co_return result;
}

Task<void> Marks::commit() {
  while (!waiting_.empty()) {
    auto group = next_group();
    co_await keep(group, false);
    for (auto& mark : group) mark.done(mark.failure, std::move(mark.result));
  }
  committing_ = false;
}

std::vector<Marks::Mark> Marks::next_group() {
  const auto count = std::min(waiting_.size(), bounds_.in_transaction);
  const auto end = waiting_.begin() + static_cast<std::ptrdiff_t>(count);
  std::vector<Mark> group(std::make_move_iterator(waiting_.begin()), std::make_move_iterator(end));
  waiting_.erase(waiting_.begin(), end);
  return group;
}

// Returns when the group is on disk. One that is a mistake of ours fails alone.
Task<void> Marks::keep(std::span<Mark> group, bool again) {
  Backoff backoff(std::chrono::milliseconds(100), std::chrono::seconds(5));
  bool mistaken = false;
  while (!mistaken) {
    auto work = [group, again](db::Connection& connection) {
      for (auto& mark : group) mark.result = carry_out(connection, mark.what, again);
    };
    const auto started = steady_clock::now();
    std::string failure;
    try {
      co_await database_.write(work);
      commit_seconds_.observe(std::chrono::duration<double>(steady_clock::now() - started).count());
      co_return;
    } catch (const db::Broken& broken) {
      failure = broken.what();
      again = again || broken.unknown_outcome;
    } catch (...) {
      mistaken = true;
      if (group.size() == 1) group.front().failure = std::current_exception();
    }
    if (mistaken) break;
    failures_.add();
    complaint_.write(log::Level::error, "command",
                     "what became of commands cannot be stored; it is tried until it can. Check "
                     "the database and the free disk space",
                     {{"error", failure}, {"waiting", group.size() + waiting_.size()}});
    co_await sleep_for(backoff.next());
  }
  if (group.size() == 1) co_return;
  for (std::size_t i = 0; i < group.size(); ++i) co_await keep(group.subspan(i, 1), again);
}

// Tried `again` when nobody knows whether the last time counted: then what is there already may be
// our own doing, and its time tells.
std::optional<Command> Marks::carry_out(db::Connection& connection, const What& what, bool again) {
  if (const auto* mark = std::get_if<Sent>(&what)) {
    auto changed = commands::mark_sent(connection, mark->id, mark->at);
    if (changed || !again) return changed;
    auto found = commands::find(connection, mark->id);
    if (!found || found->sent != mark->at) return std::nullopt;
    found->state = CommandState::sent;  // as it was then
    found->done.reset();
    found->reason.clear();
    return found;
  }
  const auto& outcome = std::get<commands::Outcome>(what);
  auto changed = commands::finish(connection, outcome);
  if (changed || !again) return changed;
  auto found = commands::find(connection, outcome.id);
  const bool ours = found && found->device == outcome.device && found->state == outcome.state &&
                    found->done == outcome.at;
  if (!ours) found.reset();
  return found;
}

}  // namespace croft::command

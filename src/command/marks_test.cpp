// Tests of group commit for commands, on a database that breaks on request, and with a real broker.
// SPDX-License-Identifier: Apache-2.0
#include "command/marks.hpp"

#include "command/test_house.hpp"
#include "db/sqlite.hpp"
#include "db/test_breakable.hpp"
#include "protocol/topics.hpp"

namespace croft::command {
namespace {

using db::BreakableDatabase;
using mqtt::eventually;
using mqtt::play;
using std::chrono::milliseconds;

}  // namespace

class MarksTest : public TestHouse {
 protected:
  MarksTest()
      : TestHouse(std::make_unique<BreakableDatabase>(db::open_sqlite({.file = ":memory:"}))) {}
  ~MarksTest() override {  // what was told and not heard yet is heard while there are ears
    loop_.restart();
    loop_.run_for(milliseconds(20));
  }

  BreakableDatabase& store() { return static_cast<BreakableDatabase&>(*database_); }
  Command pending() const {
    Command command;
    command.id = CommandId(new_id());
    command.device = kBed;
    command.owner = kAlice;
    command.actuator = "led";
    command.action = "on";
    command.by = "Alice";
    command.cause = "user";
    command.created = clock_.now();
    command.expires = clock_.now() + Seconds(60);
    return command;
  }
  // Puts that many into the table, as pending.
  void fill(std::size_t count) {
    database_->write_now([&](db::Connection& connection) {
      for (std::size_t i = 0; i < count; ++i) {
        commands_.push_back(pending());
        commands::add(connection, commands_.back());
      }
    });
  }
  commands::Outcome done(const CommandId& id) const {
    return {id, kBed, CommandState::done, "", clock_.now()};
  }
  std::optional<Command> stored(const CommandId& id) {
    return database_->read_now([&](db::Connection& c) { return commands::find(c, id); });
  }
  std::size_t stored_as(CommandState state) {
    std::size_t count = 0;
    for (const auto& command : commands_) count += stored(command.id)->state == state ? 1 : 0;
    return count;
  }
  // Each writes down what it was told, and when it was its turn.
  Task<void> mark_sent(CommandId id) {
    auto result = co_await marks_->sent(id, clock_.now());
    order_.push_back("sent");
    results_.emplace_back(std::move(id), std::move(result));
  }
  Task<void> mark_done(CommandId id) {
    auto result = co_await marks_->finish(done(id));
    order_.push_back("done");
    results_.emplace_back(std::move(id), std::move(result));
  }
  void go(Task<void> task) { spawn(loop_.get_executor(), "test", std::move(task)); }
  void make(Marks::Bounds bounds = {}) {
    marks_ = std::make_unique<Marks>(loop_.get_executor(), *database_, metrics_, bounds);
  }

  std::vector<Command> commands_;
  std::vector<std::string> order_;
  std::vector<std::pair<CommandId, std::optional<Command>>> results_;
  std::unique_ptr<Marks> marks_;
};

TEST_F(MarksTest, CommitWhatCameDuringTheLastCommitTogetherAndTellEachItsOwn) {
  make();
  fill(400);
  play(loop_, [&]() -> Task<void> {
    const int before = store().writes();
    for (const auto& command : commands_) go(mark_sent(command.id));
    co_await eventually([&] { return results_.size() == 400; });
    EXPECT_LE(store().writes() - before, 3);
    EXPECT_EQ(stored_as(CommandState::sent), 400U);
    for (const auto& [id, result] : results_) {
      EXPECT_TRUE(result);
      if (result) EXPECT_EQ(result->id, id);
    }
  }());
}

TEST_F(MarksTest, BoundATransaction) {
  make({.in_transaction = 50});
  fill(400);
  play(loop_, [&]() -> Task<void> {
    const int before = store().writes();
    for (const auto& command : commands_) go(mark_sent(command.id));
    co_await eventually([&] { return results_.size() == 400; });
    EXPECT_GE(store().writes() - before, 8);
    EXPECT_EQ(stored_as(CommandState::sent), 400U);
  }());
}

TEST_F(MarksTest, KeepTheOrderOfTheirComing) {
  make();
  fill(3);
  play(loop_, [&]() -> Task<void> {
    go(mark_sent(commands_[0].id));  // on its way, so that the rest is one group
    go(mark_sent(commands_[1].id));
    go(mark_done(commands_[1].id));
    go(mark_done(commands_[2].id));
    go(mark_sent(commands_[2].id));
    co_await eventually([&] { return results_.size() == 5; });
    EXPECT_EQ(order_, (std::vector<std::string>{"sent", "sent", "done", "done", "sent"}));
    EXPECT_EQ(results_[1].second->state, CommandState::sent);
    EXPECT_EQ(results_[2].second->state, CommandState::done);
    EXPECT_TRUE(results_[3].second);
    EXPECT_FALSE(results_[4].second) << "its node was faster";
    EXPECT_EQ(stored_as(CommandState::done), 2U);
  }());
}

TEST_F(MarksTest, AreTriedAgainUntilABrokenStoreWorksAndNoneIsLost) {
  make();
  fill(40);
  store().break_writes(BreakableDatabase::Break::before, 3);
  play(loop_, [&]() -> Task<void> {
    for (const auto& command : commands_) go(mark_sent(command.id));
    for (const auto& command : commands_) go(mark_done(command.id));
    co_await eventually([&] { return results_.size() == 80; });
    EXPECT_EQ(store().failed(), 3);
    EXPECT_EQ(stored_as(CommandState::done), 40U);
    for (const auto& [id, result] : results_) EXPECT_TRUE(result) << id.str();
  }());
}

TEST_F(MarksTest, AreKnownAsTheirOwnWhenACommitCountedAndNobodyLearnedOfIt) {
  make();
  fill(2);
  store().break_writes(BreakableDatabase::Break::after, 2);
  play(loop_, [&]() -> Task<void> {
    go(mark_sent(commands_[0].id));
    go(mark_sent(commands_[1].id));
    clock_.advance(milliseconds(5));
    go(mark_done(commands_[1].id));
    co_await eventually([&] { return results_.size() == 3; });
    for (const auto& [id, result] : results_) EXPECT_TRUE(result) << id.str();
    EXPECT_EQ(results_[1].second->state, CommandState::sent);
    EXPECT_EQ(results_[2].second->state, CommandState::done);
    EXPECT_EQ(stored_as(CommandState::done), 1U);
  }());
}

TEST_F(MarksTest, DoNotSufferFromOneThatCannotBeCarriedOut) {
  make();
  fill(10);
  database_->write_now([&](db::Connection& connection) {
    connection.execute("CREATE TABLE unlucky (id TEXT)");
    connection.execute("INSERT INTO unlucky VALUES ($1)", {commands_[5].id});
    connection.execute(
        "CREATE TRIGGER refuse BEFORE UPDATE ON commands"
        " WHEN NEW.id IN (SELECT id FROM unlucky) BEGIN SELECT RAISE(ABORT, 'no'); END");
  });
  play(loop_, [&]() -> Task<void> {
    for (const auto& command : commands_) go(mark_sent(command.id));
    co_await eventually([&] { return results_.size() == 9 && marks_->idle(); });
    EXPECT_EQ(results_.size(), 9U);
    EXPECT_EQ(stored_as(CommandState::sent), 9U);
    EXPECT_EQ(stored(commands_[5].id)->state, CommandState::pending);
  }());
}

TEST_F(MarksTest, HaveNoRoomForMoreThanTheirBound) {
  make({.in_transaction = 10, .waiting = 20});
  fill(30);
  store().break_writes(BreakableDatabase::Break::before, BreakableDatabase::kAlways);
  play(loop_, [&]() -> Task<void> {
    go(mark_done(commands_[0].id));
    co_await eventually([&] { return store().failed() > 0; });
    for (std::size_t i = 1; i < 30 && marks_->has_room(); ++i) go(mark_done(commands_[i].id));
    co_await sleep_for(milliseconds(20));
    EXPECT_FALSE(marks_->has_room());
    store().heal();
    co_await eventually([&] { return results_.size() == 21; });
    EXPECT_TRUE(marks_->has_room());
    EXPECT_EQ(stored_as(CommandState::done), 21U);
  }());
}

// How often the broker gives out what nodes answer; it does so until all who heard it acknowledge.
class Answers : public MarksTest {
 protected:
  void count_answers() {
    platform_.subscribe(std::string(protocol::filter(protocol::Kind::command_ack)), 1,
                        [this](mqtt::Delivery delivery) {
                          ++heard_;
                          delivery.acknowledge();
                        });
  }
  Command led() const {
    auto command = pending();
    command.id = {};
    return command;
  }
  int heard_ = 0;
};

TEST_F(Answers, AreAcknowledgedOnlyAfterTheirCommit) {
  count_answers();
  start_platform();
  node_.mute = true;
  play(loop_, [&]() -> Task<void> {
    co_await node_online();
    const auto made = co_await dispatcher_.add(led());
    co_await eventually([&] { return stored(made->id)->state == CommandState::sent; });
    co_await eventually([&] { return node_.received.size() == 1; });  // the broker had it first
    store().break_writes(BreakableDatabase::Break::before, BreakableDatabase::kAlways);
    node_.answer(node_.received.at(0));
    co_await eventually([&] { return heard_ == 1; });
    co_await sleep_for(milliseconds(100));
    platform_.drop();
    const bool again = co_await eventually([&] { return heard_ == 2; });
    EXPECT_TRUE(again) << "the broker still had it";
    EXPECT_EQ(stored(made->id)->state, CommandState::sent);
    store().heal();
    co_await eventually([&] { return !dispatcher_.waiting(kBed, "led"); });
    EXPECT_EQ(stored(made->id)->state, CommandState::done);
    co_await sleep_for(milliseconds(100));
    platform_.drop();
    co_await sleep_for(milliseconds(300));
    EXPECT_TRUE(platform_.connected());
    EXPECT_EQ(heard_, 2);
  }());
}

TEST_F(Answers, AreWaitedForWithoutGivingTheCommandOutAgain) {
  start_platform();
  play(loop_, [&]() -> Task<void> {
    co_await node_online();
    node_.mute = true;
    const auto made = co_await dispatcher_.add(led());
    store().break_writes(BreakableDatabase::Break::before, BreakableDatabase::kAlways);
    co_await eventually([&] { return node_.received.size() == 1; });
    node_.answer(node_.received.at(0));
    clock_.advance(Seconds(6));  // by now a pending one is tried again
    co_await sleep_for(milliseconds(1500));
    node_.client.drop();  // and one that was sent, when its node comes back
    co_await sleep_for(milliseconds(500));
    EXPECT_EQ(node_.received.size(), 1U);
    store().heal();
    const bool ended =
        co_await eventually([&] { return stored(made->id)->state == CommandState::done; });
    EXPECT_TRUE(ended);
    co_await sleep_for(milliseconds(1200));
    EXPECT_EQ(node_.received.size(), 1U);
  }());
}

TEST_F(Answers, ThatFindNoRoomStayWithTheBrokerAndComeAgain) {
  Dispatcher tight(needs_, {.in_transaction = 500, .waiting = 1});
  tight.start();
  go(platform_.run());
  node_.mute = true;
  play(loop_, [&]() -> Task<void> {
    co_await node_online();
    std::vector<Dispatcher::Wish> wishes(5);
    for (auto& wish : wishes) wish.command = led();
    const auto made = co_await tight.add_all(std::move(wishes));
    for (const auto& command : made) commands_.push_back(*command);
    co_await eventually([&] { return stored_as(CommandState::sent) == 5; });
    store().break_writes(BreakableDatabase::Break::before, BreakableDatabase::kAlways);
    for (const auto& command : node_.received) node_.answer(command);
    co_await eventually([&] { return store().failed() > 0; });
    co_await sleep_for(milliseconds(200));
    store().heal();
    const bool all = co_await eventually([&] { return stored_as(CommandState::done) == 5; });
    EXPECT_TRUE(all);
    co_await sleep_for(milliseconds(100));
    EXPECT_FALSE(tight.waiting(kBed, "led"));
  }());
}

}  // namespace croft::command

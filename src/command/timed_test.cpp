// Tests of timed commands: their starts, ends, misses and cancellations, against real parts.
// SPDX-License-Identifier: Apache-2.0
#include "command/timed.hpp"

#include <algorithm>
#include <set>

#include "command/test_house.hpp"
#include "db/test_database.hpp"

namespace croft::command {

using mqtt::eventually;
using mqtt::play;
using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;

class TimedLife : public TestHouse {
 protected:
  TimedLife() : TestHouse(db::test_database()) {}
};

TEST_F(TimedLife, StartsAtOnceWithoutATimeAndEndsAfterFor) {
  start_platform();
  play(loop_, [&]() -> Task<void> {
    co_await node_online();
    const auto made = co_await timed_.add(led(600));
    EXPECT_EQ(made->state, TimedState::running);
    EXPECT_EQ(made->command, made_.at(0).id.str());
    EXPECT_EQ(made_.at(0).cause, "timed:" + made->id.str());
    co_await eventually([&] { return row(made->id).ends.has_value(); });
    EXPECT_EQ(*row(made->id).ends, clock_.now() + Seconds(600));
    EXPECT_EQ(node_.received.at(0).for_seconds, 600U);
    node_.end("led");
    clock_.advance(Seconds(600));
    const bool done = co_await becomes(made->id, TimedState::done);
    EXPECT_TRUE(done);
    EXPECT_EQ(made_.size(), 1U);  // the node ended it itself
    EXPECT_NE(told_.back().find("\"state\":\"done\""), std::string::npos);
  }());
}

TEST_F(TimedLife, StartsAtItsTimeAndNotBefore) {
  start_platform();
  play(loop_, [&]() -> Task<void> {
    co_await node_online();
    const auto made = co_await timed_.add(led_at(clock_.now() + Seconds(100)));
    EXPECT_EQ(made->state, TimedState::scheduled);
    clock_.advance(Seconds(99));
    co_await sleep_for(milliseconds(1200));
    EXPECT_TRUE(made_.empty());
    clock_.advance(Seconds(1));
    const bool running = co_await becomes(made->id, TimedState::running);
    EXPECT_TRUE(running);
    EXPECT_FALSE(row(made->id).next);
    EXPECT_EQ(made_.size(), 1U);
  }());
}

TEST_F(TimedLife, StartsAfterARestartWhatIsYoungerThanTheGraceAndTellsTheRest) {
  const auto young = store(led_at(clock_.now() - minutes(9)));
  const auto old = store(led_at(clock_.now() - minutes(11)));
  start_platform();
  play(loop_, [&]() -> Task<void> {
    const bool running = co_await becomes(young, TimedState::running);
    EXPECT_TRUE(running);
    const bool missed = co_await becomes(old, TimedState::missed);
    EXPECT_TRUE(missed);
    EXPECT_EQ(row(old).missed, row(old).at);
    EXPECT_EQ(row(old).reason, "Croft was not there in time");
    EXPECT_EQ(made_.size(), 1U);
    const bool told = std::any_of(told_.begin(), told_.end(), [](const auto& json) {
      return json.find("\"state\":\"missed\"") != std::string::npos;
    });
    EXPECT_TRUE(told);
  }());
}

TEST_F(TimedLife, RunsOfManyPassedTimesOfOneScheduleAtMostTheNewest) {
  clock_.set(*parse_instant("2026-11-26T05:35:00Z"));  // 06:35 in Paris
  auto schedule = led();
  schedule.repeat = Schedule{Schedule::kDaily, 390, "Europe/Paris"};
  schedule.next = *parse_instant("2026-11-23T05:30:00Z");
  const auto id = store(schedule);
  start_platform();
  play(loop_, [&]() -> Task<void> {
    const bool running = co_await becomes(id, TimedState::running);
    EXPECT_TRUE(running);
    EXPECT_EQ(format_instant(*row(id).missed), "2026-11-23T05:30:00.000Z");
    EXPECT_EQ(format_instant(*row(id).next), "2026-11-27T05:30:00.000Z");
    EXPECT_EQ(made_.size(), 1U);
  }());
}

TEST_F(TimedLife, RepeatsUntilItIsSwitchedOffAndGoesOnWhenSwitchedOn) {
  clock_.set(*parse_instant("2026-11-26T05:00:00Z"));
  start_platform();
  play(loop_, [&]() -> Task<void> {
    co_await node_online();
    auto schedule = led(60);
    schedule.repeat = Schedule{Schedule::kDaily, 390, "Europe/Paris"};
    const auto made = co_await timed_.add(schedule);
    const auto id = made->id;
    EXPECT_EQ(format_instant(*made->next), "2026-11-26T05:30:00.000Z");
    for (std::size_t day = 1; day <= 2; ++day) {
      clock_.set(*row(id).next);
      co_await eventually([&] { return made_.size() == day && row(id).ends.has_value(); });
      node_.end("led");
      clock_.advance(Seconds(60));
      const bool again = co_await becomes(id, TimedState::scheduled);
      EXPECT_TRUE(again);
    }
    EXPECT_EQ(format_instant(*row(id).next), "2026-11-28T05:30:00.000Z");
    const auto off = co_await timed_.enable(id, kAlice, false);
    EXPECT_FALSE(off->next);
    clock_.advance(hours(72));
    co_await sleep_for(milliseconds(1200));
    EXPECT_EQ(made_.size(), 2U);
    const auto on = co_await timed_.enable(id, kAlice, true);
    EXPECT_EQ(format_instant(*on->next), "2026-12-01T05:30:00.000Z");
  }());
}

TEST_F(TimedLife, NeverStartsOnceItIsCancelled) {
  start_platform();
  play(loop_, [&]() -> Task<void> {
    const auto made = co_await timed_.add(led_at(clock_.now() + Seconds(10)));
    const auto stranger = co_await timed_.cancel(made->id, UserId("bob"), "Bob");
    EXPECT_EQ(stranger.error().code, Code::not_found);
    const auto cancelled = co_await timed_.cancel(made->id, kAlice, "Alice");
    EXPECT_EQ(cancelled->state, TimedState::cancelled);
    clock_.advance(Seconds(20));
    co_await sleep_for(milliseconds(1200));
    EXPECT_TRUE(made_.empty());
  }());
}

TEST_F(TimedLife, SendsTheOppositeWhenItIsCancelledWhileItRuns) {
  start_platform();
  play(loop_, [&]() -> Task<void> {
    co_await node_online();
    const auto made = co_await timed_.add(led());
    co_await eventually([&] { return row(made->id).ends.has_value(); });
    const auto cancelled = co_await timed_.cancel(made->id, kAlice, "Alice");
    EXPECT_EQ(cancelled->state, TimedState::cancelled);
    const bool off = co_await eventually([&] { return node_.received.size() == 2; });
    EXPECT_TRUE(off);
    EXPECT_FALSE(node_.received.back().on);
    EXPECT_FALSE(node_.received.back().for_seconds);
    const auto again = co_await timed_.cancel(made->id, kAlice, "Alice");
    EXPECT_EQ(again->state, TimedState::cancelled);
    EXPECT_EQ(made_.size(), 2U);
  }());
}

TEST_F(TimedLife, TakesBackACommandThatDidNotLeaveWhenItIsCancelled) {
  start_platform();
  play(loop_, [&]() -> Task<void> {
    co_await eventually([&] { return platform_.connected(); });
    const auto made = co_await timed_.add(led());
    const auto cancelled = co_await timed_.cancel(made->id, kAlice, "Alice");
    EXPECT_EQ(cancelled->state, TimedState::cancelled);
    co_await node_online();
    clock_.advance(Seconds(6));
    co_await eventually([&] { return !node_.received.empty(); });
    co_await sleep_for(milliseconds(100));
    EXPECT_EQ(node_.received.size(), 1U);
    for (const auto& command : node_.received) EXPECT_FALSE(command.on);
  }());
}

TEST_F(TimedLife, IsMissedWhenItsNodeRefusesOrIsNotThere) {
  start_platform();
  play(loop_, [&]() -> Task<void> {
    co_await eventually([&] { return platform_.connected(); });
    const auto lonely = co_await timed_.add(led());
    clock_.advance(config_.validity + Seconds(5));
    const bool missed = co_await becomes(lonely->id, TimedState::missed);
    EXPECT_TRUE(missed);
    EXPECT_EQ(row(lonely->id).reason, "the device was not there in time");
    node_.refusal = "no such actuator";
    co_await node_online();
    const auto refused = co_await timed_.add(led());
    const bool so = co_await becomes(refused->id, TimedState::missed);
    EXPECT_TRUE(so);
    EXPECT_EQ(row(refused->id).reason, "no such actuator");
  }());
}

TEST_F(TimedLife, IsOverWhenAnotherCommandTakesOver) {
  start_platform();
  play(loop_, [&]() -> Task<void> {
    co_await node_online();
    const auto made = co_await timed_.add(led());
    co_await eventually([&] { return row(made->id).ends.has_value(); });
    clock_.advance(Seconds(5));
    Command off;
    off.device = kBed;
    off.owner = kAlice;
    off.actuator = "led";
    off.action = "off";
    off.cause = "user";
    off.expires = clock_.now() + Seconds(60);
    co_await dispatcher_.add(off);
    const bool over = co_await becomes(made->id, TimedState::done);
    EXPECT_TRUE(over);
    EXPECT_EQ(row(made->id).ends, clock_.now());
    EXPECT_EQ(row(made->id).reason, "another command took over");
  }());
}

TEST_F(TimedLife, LearnsAfterARestartWhatBecameOfItsCommand) {
  auto running = led();
  running.state = TimedState::running;
  running.started = clock_.now() - Seconds(30);
  running.command = new_id();
  const auto id = store(running);
  database_->write_now([&](db::Connection& c) {
    Command command;
    command.id = CommandId(*running.command);
    command.device = kBed;
    command.owner = kAlice;
    command.actuator = "led";
    command.action = "on";
    command.for_seconds = 600;
    command.expires = clock_.now();
    commands::add(c, command);
    commands::finish(c, {command.id, kBed, CommandState::done, "", clock_.now() - Seconds(29)});
  });
  start_platform();
  play(loop_, [&]() -> Task<void> {
    const bool known = co_await eventually([&] { return row(id).ends.has_value(); });
    EXPECT_TRUE(known);
    EXPECT_EQ(row(id).ends, clock_.now() + Seconds(571));
    EXPECT_TRUE(made_.empty());
  }());
}

TEST_F(TimedLife, WaitsForItsDeviceWhenTooManyAreDueThereAndLosesNone) {
  const auto at = clock_.now() + Seconds(10);
  for (int i = 0; i < 350; ++i) store(led_at(at));
  start_platform();
  play(loop_, [&]() -> Task<void> {
    co_await node_online();
    clock_.advance(Seconds(10));
    const bool all = co_await eventually([&] { return node_.received.size() >= 350; });
    EXPECT_TRUE(all);
    co_await sleep_for(milliseconds(200));
    std::set<std::string> causes;
    for (const auto& command : made_) causes.insert(command.cause);
    EXPECT_EQ(made_.size(), 350U);
    EXPECT_EQ(causes.size(), 350U);
  }());
}

TEST_F(TimedLife, StartsOnceWhenTwoLookAtTheSameRows) {
  const auto other = std::make_shared<TimedCommands>(config_, needs_, dispatcher_);
  other->start();
  for (int i = 0; i < 50; ++i) store(led_at(clock_.now()));
  start_platform();
  const auto run = [](std::shared_ptr<TimedCommands> second) -> Task<void> {
    co_await second->run();
  };
  spawn(loop_.get_executor(), "other", run(other));  // lives as long as the loop does
  play(loop_, [&]() -> Task<void> {
    co_await eventually([&] { return made_.size() >= 50; });
    co_await sleep_for(milliseconds(300));
    EXPECT_EQ(made_.size(), 50U);
  }());
}

TEST_F(TimedLife, IsForgottenWithItsDevice) {
  start_platform();
  play(loop_, [&]() -> Task<void> {
    const auto made = co_await timed_.add(led_at(clock_.now() + Seconds(100)));
    directory_.remove(kBed);
    feed_.device_removed.publish({{kBed, kAlice, "Bed"}});
    const auto gone = [&] {
      return !database_->read_now([&](db::Connection& c) { return timed::find(c, made->id); });
    };
    const bool forgotten = co_await eventually(gone);
    EXPECT_TRUE(forgotten);
  }());
}

}  // namespace croft::command

// Tests of the second line behind `for`.
// SPDX-License-Identifier: Apache-2.0
#include "command/ending.hpp"

#include "command/test_house.hpp"
#include "db/test_database.hpp"

namespace croft::command {

using mqtt::eventually;
using mqtt::play;
using std::chrono::milliseconds;

class SecondLine : public TestHouse {
 protected:
  SecondLine() : TestHouse(db::test_database()) {}
  Command plain(const char* action = "on") const {
    Command command;
    command.device = kBed;
    command.owner = kAlice;
    command.actuator = "led";
    command.action = action;
    command.for_seconds = 60;
    command.by = "Alice";
    command.cause = "user";
    command.expires = clock_.now() + Seconds(300);
    return command;
  }
  std::size_t done() {
    std::int64_t count = 0;
    database_->read_now([&](db::Connection& c) {
      c.query("SELECT COUNT(*) FROM commands WHERE state = 'done'", {},
              [&](const db::Row& row) { count = row.integer(0); });
    });
    return static_cast<std::size_t>(count);
  }
};

TEST_F(SecondLine, EndsWhatANodeDidNotEndItself) {
  start_platform();
  play(loop_, [&]() -> Task<void> {
    co_await node_online();
    const auto made = co_await dispatcher_.add(plain());
    co_await eventually([&] { return done() == 1; });
    clock_.advance(Seconds(61));
    co_await sleep_for(milliseconds(1200));
    EXPECT_EQ(made_.size(), 1U);  // the node still has a moment
    clock_.advance(Seconds(2));
    const bool ended = co_await eventually([&] { return node_.received.size() == 2; });
    EXPECT_TRUE(ended);
    EXPECT_FALSE(node_.received.back().on);
    EXPECT_EQ(made_.back().cause, "timed:" + made->id.str());
    co_await eventually([&] { return done() == 2; });
    clock_.advance(Seconds(600));
    co_await sleep_for(milliseconds(1200));
    EXPECT_EQ(made_.size(), 2U);  // once is enough
  }());
}

TEST_F(SecondLine, EndsAnOffThatWasForATimeByOn) {
  start_platform();
  play(loop_, [&]() -> Task<void> {
    co_await node_online();
    co_await dispatcher_.add(plain("off"));
    co_await eventually([&] { return done() == 1; });
    clock_.advance(Seconds(63));
    const bool ended = co_await eventually([&] { return node_.received.size() == 2; });
    EXPECT_TRUE(ended);
    EXPECT_TRUE(node_.received.back().on);
  }());
}

TEST_F(SecondLine, LeavesAloneWhatTheNodeEnded) {
  start_platform();
  play(loop_, [&]() -> Task<void> {
    co_await node_online();
    co_await dispatcher_.add(plain());
    co_await eventually([&] { return done() == 1; });
    node_.end("led");
    co_await eventually([&] { return devices_.now(kBed).state.at("led") == "off"; });
    clock_.advance(Seconds(63));
    co_await sleep_for(milliseconds(1200));
    EXPECT_EQ(made_.size(), 1U);
  }());
}

TEST_F(SecondLine, LeavesAloneWhatALaterCommandWants) {
  start_platform();
  play(loop_, [&]() -> Task<void> {
    co_await node_online();
    co_await dispatcher_.add(plain());
    co_await eventually([&] { return done() == 1; });
    clock_.advance(Seconds(30));
    auto stay = plain();
    stay.for_seconds.reset();
    co_await dispatcher_.add(stay);
    co_await eventually([&] { return done() == 2; });
    clock_.advance(Seconds(33));
    co_await sleep_for(milliseconds(1200));
    EXPECT_EQ(made_.size(), 2U);
  }());
}

TEST_F(SecondLine, WaitsForANodeThatIsNotThere) {
  start_platform();
  play(loop_, [&]() -> Task<void> {
    co_await node_online();
    co_await dispatcher_.add(plain());
    co_await eventually([&] { return done() == 1; });
    node_.post("status", "offline", true);
    co_await eventually([&] { return !devices_.now(kBed).online; });
    clock_.advance(Seconds(63));
    co_await sleep_for(milliseconds(1200));
    EXPECT_EQ(made_.size(), 1U);
    node_.post("status", "online", true);
    co_await eventually([&] { return devices_.now(kBed).online; });
    clock_.advance(Seconds(3));
    const bool ended = co_await eventually([&] { return node_.received.size() == 2; });
    EXPECT_TRUE(ended);
  }());
}

TEST_F(SecondLine, TriesAgainWhenTheNodeDidNotAnswer) {
  start_platform();
  play(loop_, [&]() -> Task<void> {
    co_await node_online();
    co_await dispatcher_.add(plain());
    co_await eventually([&] { return done() == 1; });
    node_.mute = true;
    clock_.advance(Seconds(63));
    co_await eventually([&] { return made_.size() == 2; });
    clock_.advance(Seconds(62));  // the opposite expires unanswered
    const bool again = co_await eventually([&] {
      clock_.advance(Milliseconds(5));
      return made_.size() == 3;
    });
    EXPECT_TRUE(again);
    EXPECT_EQ(made_.back().action, "off");
  }());
}

}  // namespace croft::command

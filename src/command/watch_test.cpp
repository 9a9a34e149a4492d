// Tests of triggers that watch: real SQLite, a clock turned by hand, restarts in between.
// SPDX-License-Identifier: Apache-2.0
#include "command/watch.hpp"

#include <random>

#include "command/test_watch.hpp"
#include "db/test_database.hpp"

namespace croft::command {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;

class WatchTest : public WatchHouse {
 protected:
  WatchTest() : WatchHouse(db::test_database()) {}
};

}  // namespace

TEST_F(WatchTest, TurnsAReadingIntoAlertCommandAndMailAtOnce) {
  auto wanted = with_pump(above(30));
  wanted.email = true;
  const auto trigger = make(wanted);
  hear(31);
  const auto listed = alerts();
  ASSERT_EQ(listed.size(), 1U);
  EXPECT_EQ(listed[0].trigger, trigger.id);
  EXPECT_EQ(listed[0].name, "temperature above 30");
  EXPECT_EQ(listed[0].value, 31);
  EXPECT_EQ(listed[0].fired, clock_.now());
  EXPECT_FALSE(listed[0].cleared);
  EXPECT_EQ(listed[0].email_state, "queued");
  const auto command = database_->read_now(
      [&](db::Connection& c) { return commands::find(c, listed[0].command.value()); });
  ASSERT_TRUE(command);
  EXPECT_EQ(command->device, kPump);
  EXPECT_EQ(command->action, "on");
  EXPECT_EQ(command->for_seconds, 600);
  EXPECT_EQ(command->cause, "trigger:" + trigger.id.str());
  EXPECT_EQ(command->by, "Alice");
  ASSERT_EQ(life_->told.size(), 1U);
  EXPECT_EQ(life_->told[0].id, listed[0].id);
}

TEST_F(WatchTest, RecordsAndMailsTheEnd) {
  auto wanted = above(30);
  wanted.email = true;
  make(wanted);
  hear(31);
  clock_.advance(Seconds(5));
  hear(29);
  ASSERT_EQ(alerts().size(), 1U);
  EXPECT_EQ(alerts()[0].cleared, clock_.now());
  EXPECT_EQ(mails(), 2);
  ASSERT_EQ(life_->told.size(), 2U);
  EXPECT_EQ(life_->told[1].cleared, clock_.now());
}

TEST_F(WatchTest, WantsOnlyDevicesWithTriggers) {
  const auto& wants = life_->feed.keepers.at(0).wants;
  EXPECT_FALSE(wants(kBed));
  const auto trigger = make(above(30));
  EXPECT_TRUE(wants(kBed));
  EXPECT_FALSE(wants(kPump));
  play(*loop_, life_->watch.remove(trigger.id));
  EXPECT_FALSE(wants(kBed));
}

TEST_F(WatchTest, WritesNothingForAReadingThatChangesNothing) {
  make(above(30));
  hear(20);
  const auto before = written();
  for (int i = 0; i < 50; ++i) {
    clock_.advance(Seconds(1));
    hear(20 + i % 5);
  }
  EXPECT_EQ(written(), before);
}

TEST_F(WatchTest, SendsEveryTriggerItsOwnAlert) {
  make(above(30));
  make(above(35));
  make(above(40));
  hear(36);
  EXPECT_EQ(alerts().size(), 2U);
}

TEST_F(WatchTest, GoesOnFiringOverARestartAndClearsThen) {
  const auto trigger = make(above(30));
  hear(31);
  restart();
  EXPECT_EQ(state(trigger).phase, rules::Phase::firing);
  clock_.advance(Seconds(1));
  hear(32);
  EXPECT_EQ(alerts().size(), 1U);
  clock_.advance(Seconds(1));
  hear(20);
  ASSERT_EQ(alerts().size(), 1U);
  EXPECT_TRUE(alerts()[0].cleared);
}

TEST_F(WatchTest, KeepsAWaitAndACooldownOverARestart) {
  auto wanted = above(30);
  wanted.condition.hold_for = minutes(10);
  wanted.condition.cooldown = hours(1);
  const auto trigger = make(wanted);
  hear(31);
  restart();
  EXPECT_EQ(state(trigger).phase, rules::Phase::pending);
  clock_.advance(minutes(9));
  hear(31);
  EXPECT_EQ(alerts().size(), 0U);
  clock_.advance(minutes(1));
  hear(31);
  EXPECT_EQ(alerts().size(), 1U);
  clock_.advance(Seconds(1));
  hear(20);
  restart();
  hear(31);
  clock_.advance(minutes(30));
  hear(31);
  EXPECT_EQ(alerts().size(), 1U) << "within the cooldown";
}

TEST_F(WatchTest, IsTheSameWhenAMessageComesAgainAfterACrash) {
  make(with_pump(above(30)));
  const std::vector<Reading> message{reading(31, Seconds(2)), reading(29, Seconds(1)), reading(32)};
  play(*loop_, keep(message));
  EXPECT_EQ(alerts().size(), 2U);
  restart();  // it had been stored and judged, but not acknowledged
  play(*loop_, keep(message));
  play(*loop_, keep(message));
  EXPECT_EQ(alerts().size(), 2U);
  EXPECT_EQ(count("SELECT COUNT(*) FROM commands"), 2);
}

TEST_F(WatchTest, FiresNotForLateReadings) {
  make(above(30));
  hear(99, minutes(6));
  hear(20);
  hear(99, Seconds(30));
  EXPECT_EQ(alerts().size(), 0U);
  clock_.advance(Seconds(1));
  hear(31, Seconds(0));
  EXPECT_EQ(alerts().size(), 1U);
}

TEST_F(WatchTest, FiresByTheClockWhenAHoldIsOver) {
  auto wanted = above(30);
  wanted.condition.hold_for = Seconds(30);
  make(wanted);
  hear(31);
  clock_.advance(Seconds(30));
  play(*loop_, [&]() -> Task<void> {
    const bool fired = co_await eventually([&] { return alerts().size() == 1; });
    EXPECT_TRUE(fired);
    co_await sleep_for(milliseconds(1200));
    EXPECT_EQ(alerts().size(), 1U);
  }());
}

TEST_F(WatchTest, DoesNotShortenTheHoldOfANodeWhoseClockIsBehind) {
  auto wanted = above(30);
  wanted.condition.hold_for = Seconds(30);
  make(wanted);
  hear(31, minutes(2));
  clock_.advance(Seconds(20));
  play(*loop_, sleep_for(milliseconds(1200)));
  EXPECT_EQ(alerts().size(), 0U);
  clock_.advance(Seconds(10));
  play(*loop_, [&]() -> Task<void> {
    const bool fired = co_await eventually([&] { return alerts().size() == 1; });
    EXPECT_TRUE(fired);
  }());
}

TEST_F(WatchTest, FiresWhenADeviceFallsSilentAndClearsWhenItSpeaks) {
  auto wanted = above(0);
  wanted.condition.kind = rules::Kind::silent;
  wanted.condition.no_data_for = Seconds(40);
  make(wanted);
  hear(20);
  clock_.advance(Seconds(40));
  play(*loop_, [&]() -> Task<void> {
    const bool fired = co_await eventually([&] { return alerts().size() == 1; });
    EXPECT_TRUE(fired);
  }());
  hear(20, minutes(30));  // whatever its clock says, it speaks
  EXPECT_TRUE(alerts()[0].cleared);
}

TEST_F(WatchTest, CountsSilenceFromItsStartSinceItHeardNothingWhileDown) {
  auto wanted = above(0);
  wanted.condition.kind = rules::Kind::silent;
  wanted.condition.no_data_for = Seconds(40);
  make(wanted);
  clock_.advance(hours(2));
  restart();
  play(*loop_, sleep_for(milliseconds(1200)));
  EXPECT_EQ(alerts().size(), 0U);
}

TEST_F(WatchTest, AlertsWithoutACommandWhenItsDeviceIsGoneOrFull) {
  make(with_pump(above(30)));
  directory_.remove(kPump);
  hear(31);
  ASSERT_EQ(alerts().size(), 1U);
  EXPECT_FALSE(alerts()[0].command);
  directory_.put({kPump, kAlice, "Pump"});
  for (int i = 0; i < 100; ++i) {
    clock_.advance(Seconds(1));
    hear(29);
    clock_.advance(Seconds(1));
    hear(31);
  }
  EXPECT_TRUE(alerts()[0].command);
  clock_.advance(Seconds(1));
  hear(29);
  hear(31);
  EXPECT_EQ(alerts().size(), 102U);
  EXPECT_FALSE(alerts()[0].command) << "a hundred commands wait for the pump already";
}

TEST_F(WatchTest, HasTheDatabaseForbidASecondOpenAlert) {
  Alert alert;
  alert.id = AlertId(new_id());
  alert.trigger = TriggerId("t");
  alert.device = kBed;
  alert.owner = kAlice;
  alert.measurement = "temperature";
  const auto open = [&] {
    alert.id = AlertId(new_id());
    return database_->write_now([&](db::Connection& c) { return alerts::open(c, alert); });
  };
  EXPECT_TRUE(open());
  EXPECT_FALSE(open());
  database_->write_now([&](db::Connection& c) { alerts::close(c, alert.trigger, clock_.now()); });
  EXPECT_TRUE(open());
}

// Ten minutes at 10 Hz of a temperature that trembles by half a degree around its threshold.
TEST_F(WatchTest, CountsAlertsAndMailsOfAFlappingMeasurement) {
  struct Case {
    const char* words;
    double hysteresis;
    Seconds hold;
    Seconds cooldown;
  };
  std::vector<std::pair<std::size_t, std::int64_t>> counted;
  for (const auto& [words, hysteresis, hold, cooldown] :
       {Case{"bare", 0, Seconds(0), Seconds(0)}, Case{"hysteresis 1", 1, Seconds(0), Seconds(0)},
        Case{"holdFor 10 s", 0, Seconds(10), Seconds(0)},
        Case{"cooldown 60 s", 0, Seconds(0), Seconds(60)}}) {
    auto wanted = above(30);
    wanted.condition.hysteresis = hysteresis;
    wanted.condition.hold_for = hold;
    wanted.condition.cooldown = cooldown;
    wanted.email = true;
    const auto trigger = make(wanted);
    const auto before = count("SELECT COUNT(*) FROM alerts");
    const auto mailed = mails();
    std::mt19937 random(7);
    std::uniform_real_distribution<double> tremble(-0.5, 0.5);
    play(*loop_, [&]() -> Task<void> {
      for (int i = 0; i < 6000; ++i) {
        clock_.advance(milliseconds(100));
        co_await keep({reading(30 + tremble(random))});
      }
    }());
    counted.emplace_back(count("SELECT COUNT(*) FROM alerts") - before, mails() - mailed);
    std::printf("flapping at 10 Hz for 10 min, %-13s: %4zu alerts, %4lld mails into the outbox\n",
                words, counted.back().first, static_cast<long long>(counted.back().second));
    play(*loop_, life_->watch.remove(trigger.id));
  }
  EXPECT_GT(counted[0].first, 1000U);
  EXPECT_GE(counted[0].second, 2 * static_cast<std::int64_t>(counted[0].first) - 1);
  EXPECT_EQ(counted[1], std::make_pair(std::size_t{1}, std::int64_t{1}));
  EXPECT_EQ(counted[2], std::make_pair(std::size_t{0}, std::int64_t{0}));
  EXPECT_LE(counted[3].first, 11U);
}

}  // namespace croft::command

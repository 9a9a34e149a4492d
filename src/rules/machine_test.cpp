// Tests of the judging machine: an example of each rule.
// SPDX-License-Identifier: Apache-2.0
#include "rules/machine.hpp"

#include <gtest/gtest.h>

#include <random>

#include "rules/test_trial.hpp"

namespace croft::rules {
namespace {

using std::chrono::hours;
using std::chrono::minutes;

Instant at(int seconds) { return kNoon + Seconds(seconds); }

TEST(Machine, FiresStrictlyBeyondAndClearsBehindTheHysteresis) {
  Trial run(above(30, 2));
  run.read(at(0), 30);
  EXPECT_EQ(run.fired(), 0);
  run.read(at(1), 30.01);
  EXPECT_EQ(run.fired(), 1);
  run.read(at(2), 29);
  run.read(at(3), 28);
  EXPECT_EQ(run.cleared(), 0);
  run.read(at(4), 27.99);
  EXPECT_EQ(run.cleared(), 1);
  EXPECT_EQ(run.told[0].at, at(1));
  EXPECT_EQ(run.told[0].value, 30.01);
  EXPECT_EQ(run.told[1].at, at(4));
}

TEST(Machine, ClearsAtTheThresholdWithoutHysteresisSoThatASwitchCanEnd) {
  Trial run(above(0));  // a motion detector: 1, then 0
  run.read(at(0), 1);
  run.read(at(1), 0);
  EXPECT_EQ(run.fired(), 1);
  EXPECT_EQ(run.cleared(), 1);
}

TEST(Machine, JudgesBelowAsTheMirrorOfAbove) {
  Condition condition = above(300, 20);
  condition.kind = Kind::below;
  Trial run(condition);
  run.read(at(0), 300);
  EXPECT_EQ(run.fired(), 0);
  run.read(at(1), 299);
  EXPECT_EQ(run.fired(), 1);
  run.read(at(2), 320);
  EXPECT_EQ(run.cleared(), 0);
  run.read(at(3), 321);
  EXPECT_EQ(run.cleared(), 1);
}

TEST(Machine, WaitsUntilTheConditionHasLasted) {
  Trial run(above(30, 0, Seconds(60)));
  run.read(at(0), 31);
  EXPECT_EQ(run.state.phase, Phase::pending);
  run.read(at(59), 31);
  EXPECT_EQ(run.fired(), 0);
  run.read(at(60), 31);
  EXPECT_EQ(run.fired(), 1);
  EXPECT_EQ(run.told[0].at, at(60));
}

TEST(Machine, BeginsTheWaitAnewWhenTheConditionWasInterrupted) {
  Trial run(above(30, 5, Seconds(60)));
  run.read(at(0), 31);
  run.read(at(50), 30);  // within the hysteresis, yet not above
  run.read(at(55), 31);
  run.read(at(114), 31);
  EXPECT_EQ(run.fired(), 0);
  run.read(at(115), 31);
  EXPECT_EQ(run.fired(), 1);
}

TEST(Machine, LetsAValueCountUntilTheNextReadingAndNotBeyond) {
  Trial run(above(30, 0, Seconds(60)));
  run.read(at(0), 31);
  run.read(at(300), 20);  // it was 31 for all we know until then
  ASSERT_EQ(run.told.size(), 2U);
  EXPECT_EQ(run.told[0].at, at(60));
  EXPECT_EQ(run.told[1].at, at(300));
  Trial brief(above(30, 0, Seconds(60)));
  brief.read(at(0), 31);
  brief.read(at(59), 20);
  brief.pass(at(500));
  EXPECT_EQ(brief.fired(), 0);
}

TEST(Machine, FiresByTimeAloneWhenTheHoldIsOver) {
  Trial run(above(30, 0, Seconds(60)));
  run.read(at(0), 31);
  run.pass(at(59));
  EXPECT_EQ(run.fired(), 0);
  run.pass(at(61));
  run.pass(at(62));
  ASSERT_EQ(run.fired(), 1);
  EXPECT_EQ(run.told[0].at, at(60));
}

TEST(Machine, KeepsTheCooldownBetweenTwoFirings) {
  Trial run(above(30, 0, Seconds(0), Seconds(300)));
  for (int second = 0; second < 300; second += 2) {
    run.read(at(second), 31);
    run.read(at(second + 1), 29);
  }
  EXPECT_EQ(run.fired(), 1);
  run.read(at(300), 31);
  EXPECT_EQ(run.fired(), 2);
}

TEST(Machine, FiresAfterTheCooldownWhenTheConditionStillHolds) {
  Trial run(above(30, 0, Seconds(0), Seconds(300)));
  run.read(at(0), 31);
  run.read(at(10), 29);
  run.read(at(20), 31);
  EXPECT_EQ(run.state.phase, Phase::pending);
  run.pass(at(299));
  EXPECT_EQ(run.fired(), 1);
  run.pass(at(300));
  EXPECT_EQ(run.fired(), 2);
}

TEST(Machine, FiresWhenAMeasurementFallsSilentAndClearsWhenItSpeaks) {
  Trial run(silent(Seconds(120)));
  run.read(at(100), 20);
  run.pass(at(219));
  EXPECT_EQ(run.fired(), 0);
  run.pass(at(220));
  run.pass(at(1000));
  ASSERT_EQ(run.fired(), 1);
  EXPECT_EQ(run.told[0].at, at(220));
  EXPECT_EQ(run.told[0].value, 20);
  run.read(at(1001), 21);
  EXPECT_EQ(run.cleared(), 1);
  Trial never(silent(Seconds(120)));
  never.pass(at(120));
  EXPECT_EQ(never.fired(), 1) << "silent from the beginning";
  EXPECT_FALSE(never.told[0].value);
}

TEST(Machine, ChangesNothingForALateReading) {
  Trial run(above(30));
  run.read(at(100), 20);
  run.read(at(50), 99);
  EXPECT_EQ(run.fired(), 0);
  run.read(at(101), 31);
  run.read(at(60), 0);
  EXPECT_EQ(run.cleared(), 0);
  EXPECT_EQ(run.state.last_value, 31);
}

TEST(Machine, FiresNotForThePastAfterItHeardNothing) {
  Trial held(above(30, 0, Seconds(60)));
  held.read(at(0), 31);
  resume(held.condition, held.state, kNoon + hours(2));
  held.pass(kNoon + hours(2));
  EXPECT_EQ(held.fired(), 0);
  held.read(kNoon + hours(2), 31);
  held.read(kNoon + hours(2) + Seconds(60), 31);
  EXPECT_EQ(held.fired(), 1);

  Trial quiet(silent(Seconds(120)));
  resume(quiet.condition, quiet.state, kNoon + hours(2));
  quiet.pass(kNoon + hours(2) + Seconds(119));
  EXPECT_EQ(quiet.fired(), 0);
  quiet.pass(kNoon + hours(2) + Seconds(120));
  EXPECT_EQ(quiet.fired(), 1);
}

TEST(Machine, GoesOnWaitingOverAShortPause) {
  Trial held(above(30, 0, minutes(30)));
  held.read(at(0), 31);
  resume(held.condition, held.state, kNoon + minutes(20));
  held.read(kNoon + minutes(30), 31);
  EXPECT_EQ(held.fired(), 1);
}

// Ten minutes at 10 Hz of a temperature that trembles by half a degree around its threshold.
std::vector<Sample> flapping() {
  std::mt19937 random(7);
  std::uniform_real_distribution<double> tremble(-0.5, 0.5);
  std::vector<Sample> samples;
  for (int i = 0; i < 6000; ++i)
    samples.push_back({kNoon + Milliseconds(100 * i), 30 + tremble(random)});
  return samples;
}

TEST(Machine, IsQuietedByHysteresisHoldAndCooldownWhenItFlaps) {
  const auto count = [](Condition condition) {
    Trial run(std::move(condition));
    for (const auto& [time, value] : flapping()) run.read(time, value);
    return run.fired();
  };
  const int bare = count(above(30));
  EXPECT_GT(bare, 1000);
  EXPECT_EQ(count(above(30, 1)), 1);
  EXPECT_EQ(count(above(30, 0, Seconds(10))), 0);
  EXPECT_EQ(count(above(30, 0, Seconds(0), Seconds(60))), 10);
  std::printf(
      "flapping at 10 Hz for 10 min fires %d times bare, once with hysteresis 1, "
      "never with holdFor 10 s, 10 times with cooldown 60 s\n",
      bare);
}

}  // namespace
}  // namespace croft::rules

// Tests of the judging machine: examples of each rule, and properties over random histories.
// SPDX-License-Identifier: Apache-2.0
#include "rules/machine.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <vector>

namespace croft::rules {
namespace {

using std::chrono::hours;
using std::chrono::minutes;

const Instant kNoon = instant_from_ms(1'763'812'800'000);

struct Sample {
  Instant time;
  double value;
};

// A machine with the transitions it told.
struct Trial {
  explicit Trial(Condition c, Instant start = kNoon)
      : condition(std::move(c)), state(begin(start)) {}

  void keep(const Transition& transition) {
    if (transition.change != Change::none) told.push_back(transition);
  }
  void pass(Instant now) { keep(tick(condition, state, now)); }
  void read(Instant time, double value) {
    pass(time);
    keep(judge(condition, state, time, value));
  }
  int fired() const {
    return static_cast<int>(std::ranges::count(told, Change::fired, &Transition::change));
  }
  int cleared() const { return static_cast<int>(told.size()) - fired(); }
  Change last() const { return told.empty() ? Change::none : told.back().change; }

  Condition condition;
  State state;
  std::vector<Transition> told;
};

Condition above(double threshold, double hysteresis = 0, Seconds hold = Seconds(0),
                Seconds cooldown = Seconds(0)) {
  return {"temperature", Kind::above, threshold, hysteresis, hold, cooldown, Seconds(60)};
}
Condition silent(Seconds time) { return {"temperature", Kind::silent, 0, 0, {}, {}, time}; }

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

// --- properties over random histories

struct Random {
  explicit Random(unsigned seed) : engine(seed) {}
  int below(int most) { return std::uniform_int_distribution<int>(0, most - 1)(engine); }

  Condition condition() {
    Condition made =
        above(30, below(3), Seconds(below(2) * below(40)), Seconds(below(2) * below(90)));
    made.kind = static_cast<Kind>(below(3));
    made.no_data_for = Seconds(1 + below(30));
    return made;
  }
  // In the order of time, no two at once.
  std::vector<Sample> history(int size) {
    std::vector<Sample> samples;
    Instant time = kNoon;
    for (int i = 0; i < size; ++i) {
      time += Milliseconds(1 + below(below(4) == 0 ? 60'000 : 3000));
      samples.push_back({time, 26.0 + below(9)});
    }
    return samples;
  }

  std::mt19937 engine;
};

void expect_alternating(const Trial& run) {
  Change before = Change::cleared;
  Instant time{};
  for (const auto& transition : run.told) {
    ASSERT_NE(transition.change, before) << "a transition was told twice";
    ASSERT_GE(transition.at, time) << "told out of order";
    before = transition.change;
    time = transition.at;
  }
}

void expect_cooled(const Trial& run) {
  std::optional<Instant> before;
  for (const auto& transition : run.told) {
    if (transition.change != Change::fired) continue;
    if (before) ASSERT_GE(transition.at - *before, run.condition.cooldown);
    before = transition.at;
  }
}

// Whether the step function of the samples was beyond the threshold all the time before a firing.
void expect_held(const Trial& run, const std::vector<Sample>& samples) {
  if (run.condition.kind == Kind::silent) return;
  const bool up = run.condition.kind == Kind::above;
  for (const auto& transition : run.told) {
    if (transition.change != Change::fired) continue;
    const Instant from = transition.at - run.condition.hold_for;
    for (std::size_t i = 0; i < samples.size(); ++i) {
      const Instant end = i + 1 < samples.size() ? samples[i + 1].time : Instant::max();
      if (end <= from || samples[i].time > transition.at) continue;
      if (end == transition.at) continue;  // the reading of that very instant speaks for it
      ASSERT_TRUE(up ? samples[i].value > 30 : samples[i].value < 30);
    }
  }
}

TEST(MachineProperties, TellsEachTransitionOnceWhateverComes) {
  std::size_t told = 0;
  for (unsigned seed = 0; seed < 3000; ++seed) {
    Random random(seed);
    Trial run(random.condition());
    const auto samples = random.history(60);
    for (int step = 0; step < 200; ++step) {
      // Any reading, in any order, as often as it likes; now and then only time passes.
      const auto& sample = samples[static_cast<std::size_t>(
          std::min<int>(random.below(60), random.below(step + 1)))];
      if (random.below(3) == 0)
        run.pass(sample.time);
      else
        run.read(sample.time, sample.value);
    }
    expect_alternating(run);
    expect_cooled(run);
    told += run.told.size();
  }
  EXPECT_GT(told, 3000U);
}

TEST(MachineProperties, FiresOnlyForWhatLasted) {
  int fired = 0;
  for (unsigned seed = 0; seed < 3000; ++seed) {
    Random random(seed);
    Trial run(random.condition());
    const auto samples = random.history(100);
    for (const auto& [time, value] : samples) run.read(time, value);
    expect_alternating(run);
    expect_cooled(run);
    expect_held(run, samples);
    fired += run.fired();
  }
  EXPECT_GT(fired, 3000);
}

TEST(MachineProperties, IsTheSameWhenOldReadingsComeAgainOrLate) {
  for (unsigned seed = 0; seed < 2000; ++seed) {
    Random random(seed);
    const auto condition = random.condition();
    const auto samples = random.history(80);
    Trial plain(condition);
    Trial disturbed(condition);
    for (std::size_t i = 0; i < samples.size(); ++i) {
      plain.read(samples[i].time, samples[i].value);
      disturbed.read(samples[i].time, samples[i].value);
      for (int again = random.below(4); again > 0; --again) {
        const auto& old = samples[static_cast<std::size_t>(random.below(static_cast<int>(i) + 1))];
        disturbed.read(old.time, old.value);                                     // repeated
        if (i > 0) disturbed.read(samples[i - 1].time, 26.0 + random.below(9));  // late
      }
    }
    ASSERT_EQ(plain.state, disturbed.state) << seed;
    ASSERT_EQ(plain.told.size(), disturbed.told.size()) << seed;
  }
}

TEST(MachineProperties, NeverFiresForThePastInWhateverOrderReadingsCome) {
  for (unsigned seed = 0; seed < 2000; ++seed) {
    Random random(seed);
    auto samples = random.history(40);
    std::ranges::shuffle(samples, random.engine);
    Condition condition = random.condition();
    if (condition.kind == Kind::silent) condition.kind = Kind::above;
    condition.hold_for = condition.cooldown = Seconds(0);
    Trial run(condition);
    Instant newest{};
    for (const auto& [time, value] : samples) {
      const auto before = run.told.size();
      run.read(time, value);
      if (time < newest) ASSERT_EQ(run.told.size(), before) << seed;
      newest = std::max(newest, time);
      if (run.told.size() > before) ASSERT_EQ(run.told.back().at, newest);
    }
  }
}

TEST(MachineProperties, IsTheSameHoweverOftenTheClockTicks) {
  for (unsigned seed = 0; seed < 1000; ++seed) {
    Random random(seed);
    const auto condition = random.condition();
    Trial rarely(condition);
    Trial often(condition);
    Instant time = kNoon;
    for (const auto& sample : random.history(60)) {
      for (; time < sample.time; time += Seconds(1)) often.pass(time);
      rarely.read(sample.time, sample.value);
      often.read(sample.time, sample.value);
    }
    ASSERT_EQ(rarely.state, often.state) << seed;
    ASSERT_EQ(rarely.told.size(), often.told.size()) << seed;
  }
}

}  // namespace
}  // namespace croft::rules

// Tests of the judging machine: properties over random histories.
// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <random>

#include "rules/machine.hpp"
#include "rules/test_trial.hpp"

namespace croft::rules {
namespace {

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

// The physics of the greenhouse: relaxation towards where sun, vents and water push it.
// SPDX-License-Identifier: Apache-2.0
#include "device/sim/climate.hpp"

#include <algorithm>
#include <cmath>

namespace croft::sim {
namespace {

constexpr double kPi = 3.14159265358979323846;
constexpr std::int64_t kDayMs = 86'400'000;
constexpr std::int64_t kCloudMs = 20 * 60'000;  // clouds change over twenty minutes
constexpr double kVentOpens = 27;               // degrees
constexpr double kVentCloses = 24;
constexpr double kAirSeconds = 900;  // time constants
constexpr double kVentSeconds = 400;
constexpr double kMoistureSeconds = 600;
constexpr double kDry = 220;  // raw ADC of soil with nothing left to give
constexpr double kSoaked = 860;
constexpr double kDrySeconds = 2.5 * 86400;
constexpr double kPumpPerSecond = 3;  // raw ADC
constexpr double kGardenerHour = 7;   // waters every morning
constexpr double kGardenerFills = 720;

std::uint64_t mix(std::uint64_t x) {
  x += 0x9e3779b97f4a7c15u;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
  return x ^ (x >> 31);
}

// 0 to 1.
double fraction(std::uint64_t x) { return static_cast<double>(mix(x) >> 11) * 0x1p-53; }

double hour_of(std::int64_t epoch_ms) {
  const std::int64_t of_day = ((epoch_ms % kDayMs) + kDayMs) % kDayMs;
  return static_cast<double>(of_day) / 3'600'000.0;
}

// The part of the way to its goal that something goes in `seconds`.
double share(double seconds, double time_constant) {
  return 1 - std::exp(-seconds / time_constant);
}

float approach(float from, double goal, double part) {
  return static_cast<float>(from + (goal - from) * part);
}

double air_goal(double sun, double outside, bool vent, bool lamp, double warmer) {
  const double still = 14 + 17 * sun + (lamp ? 3 : 0) + warmer;
  return vent ? 0.45 * still + 0.55 * outside : still;
}

double moisture_goal(double temperature, double soil, bool vent, double moister) {
  const double wet = (soil - 500) / 40;
  return std::clamp(88 - 2.1 * (temperature - 14) + wet - (vent ? 7 : 0) + moister, 15.0, 97.0);
}

}  // namespace

double Sky::cloud(std::int64_t epoch_ms) const {
  const std::int64_t cell = epoch_ms / kCloudMs;
  const double part = static_cast<double>(epoch_ms - cell * kCloudMs) / kCloudMs;
  const double smooth = part * part * (3 - 2 * part);
  const auto at = [&](std::int64_t i) { return fraction(seed_ ^ static_cast<std::uint64_t>(i)); };
  return at(cell) * (1 - smooth) + at(cell + 1) * smooth;
}

double Sky::sun(std::int64_t epoch_ms) const {
  const double height = std::sin(kPi * (hour_of(epoch_ms) - 6) / 12);
  return height <= 0 ? 0 : std::pow(height, 1.2) * (1 - 0.55 * cloud(epoch_ms));
}

double Sky::outside(std::int64_t epoch_ms) const {
  return 9 + 6 * std::sin(kPi * (hour_of(epoch_ms) - 9) / 12);  // warmest at three
}

Plot::Plot(std::uint64_t seed, std::uint32_t number) {
  const auto own = [&](std::uint64_t what) {
    return 2 * fraction(mix(seed) + number * std::uint64_t{16} + what) - 1;  // -1 to 1
  };
  warmer_ = static_cast<float>(1.5 * own(0));
  moister_ = static_cast<float>(5 * own(1));
  thirst_ = static_cast<float>(1 + 0.4 * own(2));
  ahead_s_ = static_cast<std::int32_t>(1200 * own(3));
  soil_ = static_cast<float>(560 + 120 * own(4));
  random_ = static_cast<std::uint32_t>(mix(seed * 31 + number)) | 1;
}

void Plot::settle(const Sky& sky, std::int64_t epoch_ms) {
  const double sun = sky.sun(epoch_ms);
  const double outside = sky.outside(epoch_ms);
  vent_open_ = air_goal(sun, outside, false, false, warmer_) > kVentOpens;
  temperature_ = static_cast<float>(air_goal(sun, outside, vent_open_, false, warmer_));
  humidity_ = static_cast<float>(moisture_goal(temperature_, soil_, vent_open_, moister_));
}

void Plot::advance(const Sky& sky, std::int64_t epoch_ms, Influence influence) {
  const std::int64_t here_ms = epoch_ms + std::int64_t{ahead_s_} * 1000;
  if (at_ms_ == 0) settle(sky, here_ms);
  const std::int64_t passed =
      at_ms_ == 0 ? 0 : std::clamp<std::int64_t>(here_ms - at_ms_, 0, 3'600'000);
  const double seconds = static_cast<double>(passed) / 1000;
  const double sun = sky.sun(here_ms);
  breathe(seconds, sun, sky.outside(here_ms), influence.lamp);
  drink(here_ms - passed, seconds, sun, influence.pump);
  at_ms_ = here_ms;
}

void Plot::breathe(double seconds, double sun, double outside, bool lamp) {
  if (temperature_ > kVentOpens) vent_open_ = true;
  if (temperature_ < kVentCloses) vent_open_ = false;
  const double goal = air_goal(sun, outside, vent_open_, lamp, warmer_);
  // A lamp close to the sensor is felt within a minute or two, the sun only slowly.
  const double pace = vent_open_ ? kVentSeconds : lamp && goal > temperature_ ? 120 : kAirSeconds;
  temperature_ = approach(temperature_, goal, share(seconds, pace));
  humidity_ = approach(humidity_, moisture_goal(temperature_, soil_, vent_open_, moister_),
                       share(seconds, kMoistureSeconds));
}

void Plot::drink(std::int64_t from_ms, double seconds, double sun, bool pump) {
  soil_ = approach(soil_, kDry, share(seconds * thirst_ * (0.4 + 1.2 * sun), kDrySeconds));
  if (pump) soil_ = static_cast<float>(std::min<double>(kSoaked, soil_ + kPumpPerSecond * seconds));
  const double before = hour_of(from_ms);
  const double after = before + seconds / 3600;
  if (before < kGardenerHour && after >= kGardenerHour) {
    soil_ = std::max(soil_, static_cast<float>(kGardenerFills));
  }
}

double Plot::noise(double size) {
  double sum = 0;
  for (int i = 0; i < 3; ++i) {
    random_ ^= random_ << 13;
    random_ ^= random_ >> 17;
    random_ ^= random_ << 5;
    sum += static_cast<double>(random_) * 0x1p-32 - 0.5;
  }
  return size * sum / 1.5;
}

float Plot::temperature() {
  return static_cast<float>(std::round((temperature_ + noise(0.35)) * 10) / 10);
}

float Plot::humidity() {
  return static_cast<float>(std::clamp(std::round(humidity_ + noise(1.4)), 0.0, 100.0));
}

float Plot::soil_moisture() {
  return static_cast<float>(std::clamp(std::round(soil_ + noise(4)), 0.0, 1023.0));
}

}  // namespace croft::sim

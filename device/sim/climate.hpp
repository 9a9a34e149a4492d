// A day in a greenhouse: sun and clouds, air that warms and is vented, soil that dries.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

namespace croft::sim {

/// The sky over all nodes. The same seed gives the same weather; days are counted in UTC.
class Sky {
 public:
  explicit Sky(std::uint64_t seed) : seed_(seed) {}
  /// 0 at night to 1 at a cloudless noon.
  double sun(std::int64_t epoch_ms) const;
  /// Degrees Celsius outside.
  double outside(std::int64_t epoch_ms) const;

 private:
  double cloud(std::int64_t epoch_ms) const;
  std::uint64_t seed_;
};

/// What a node does to its plot.
struct Influence {
  bool lamp = false;  // warms the air
  bool pump = false;  // waters the soil
};

/// One node's bed and the air above it: its own corner, soil, sensors and noise.
class Plot {
 public:
  Plot(std::uint64_t seed, std::uint32_t number);

  /// Lets the time up to `epoch_ms` pass under `influence`. A jump of the clock counts as at most
  /// an hour; the first call sets the scene as if it had always been so.
  void advance(const Sky& sky, std::int64_t epoch_ms, Influence influence);

  /// What the sensors show: degrees Celsius in tenths, whole percent, raw ADC from 0 to 1023.
  float temperature();
  float humidity();
  float soil_moisture();

  bool vent_open() const { return vent_open_; }

 private:
  double noise(double size);  // within plus and minus size, mostly near 0
  void settle(const Sky& sky, std::int64_t epoch_ms);
  void breathe(double seconds, double sun, double outside, bool lamp);
  void drink(std::int64_t from_ms, double seconds, double sun, bool pump);

  std::int64_t at_ms_ = 0;
  float temperature_ = 18;
  float humidity_ = 60;
  float soil_ = 600;
  float warmer_;          // this corner, degrees
  float moister_;         // percent
  float thirst_;          // how fast the soil dries, about 1
  std::int32_t ahead_s_;  // its sun and its gardener come a little earlier or later
  std::uint32_t random_;
  bool vent_open_ = false;
};

}  // namespace croft::sim

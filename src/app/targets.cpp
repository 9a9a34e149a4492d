// The table of targets.
// SPDX-License-Identifier: Apache-2.0
#include "app/targets.hpp"

#include <algorithm>
#include <iterator>
#include <stdexcept>

namespace croft::app {
namespace {

struct Target {
  const char* name;
  bool Targets::* on;
  const char* listen;  // as in the original design
};

constexpr Target kTargets[] = {{"auth", &Targets::auth, "0.0.0.0:9090"},
                               {"data", &Targets::data, "0.0.0.0:8181"},
                               {"command", &Targets::command, "0.0.0.0:7070"},
                               {"visualisation", &Targets::visualisation, "0.0.0.0:5555"}};

const Target& first_of(const Targets& targets) {
  return *std::ranges::find_if(kTargets, [&](const Target& one) { return targets.*one.on; });
}

}  // namespace

std::string Targets::name() const {
  if (all()) return "platform";
  std::string joined;
  for (const auto& target : kTargets)
    if (this->*target.on) joined += (joined.empty() ? "" : "-") + std::string(target.name);
  return joined;
}

std::string Targets::first() const { return first_of(*this).name; }

Targets parse_targets(const std::vector<std::string>& words) {
  if (words.empty() || std::ranges::find(words, "all") != words.end()) return {};
  Targets targets{false, false, false, false};
  for (const auto& word : words) {
    const auto* found =
        std::ranges::find_if(kTargets, [&](const Target& one) { return word == one.name; });
    if (found == std::end(kTargets))
      throw std::runtime_error("there is no target \"" + word +
                               "\"; targets are all, auth, data, command and visualisation");
    targets.*found->on = true;
  }
  return targets;
}

Config defaults_for(const Targets& targets) {
  Config config;
  if (targets.all()) return config;
  config.state_dir /= targets.name();
  config.http.listen = first_of(targets).listen;
  return config;
}

Mistakes missing_for(const Targets& targets, const Config& config) {
  Mistakes mistakes;
  if (targets.all()) return mistakes;
  const auto apart = "a service that runs apart needs ";
  if (config.mqtt.url.empty())
    mistakes.push_back(std::string(apart) +
                       "mqtt.url, the broker by which the services hear each other, such as "
                       "mqtt://broker:1883 (croft broker runs one)");
  if (config.sessions.url.starts_with("memory:"))
    mistakes.push_back(std::string(apart) +
                       "sessions.url, the store by which the services know who is logged in, such "
                       "as redis://redis:6379");
  return mistakes;
}

}  // namespace croft::app

// Conditions as JSON and in words.
// SPDX-License-Identifier: Apache-2.0
#include "rules/condition.hpp"

#include <array>

#include "protocol/text.hpp"

namespace croft::rules {
namespace {

constexpr Seconds kLongest{std::chrono::days(31)};
constexpr std::array<std::string_view, 3> kKinds{"above", "below", "noDataFor"};

void read_kind(JsonFields& in, Scope scope, Condition& condition) {
  std::string_view given;
  for (const auto name : kKinds) {
    if (!in.has(name)) continue;
    if (!given.empty()) in.wrong(name, "does not go with " + std::string(given));
    given = name;
  }
  if (given.empty()) {
    if (scope == Scope::whole) in.wrong("above", "is required, or below, or noDataFor");
    return;
  }
  if (given == "noDataFor") {
    condition.kind = Kind::silent;
    condition.no_data_for = in.optional_seconds(given, Seconds(1), kLongest).value_or(Seconds(60));
    return;
  }
  condition.kind = given == "above" ? Kind::above : Kind::below;
  condition.threshold = in.number(given);
}

}  // namespace

std::string_view to_string(Kind kind) {
  if (kind == Kind::silent) return "silent";
  return kind == Kind::below ? "below" : "above";
}

Kind kind_from(std::string_view word) {
  if (word == "silent") return Kind::silent;
  return word == "below" ? Kind::below : Kind::above;
}

void read_condition(JsonFields& in, Scope scope, Condition& condition) {
  if (scope == Scope::whole || in.has("measurement")) {
    condition.measurement = in.text("measurement", {.least = 1, .most = 64});
    if (!condition.measurement.empty() && !protocol::is_name(condition.measurement))
      in.wrong("measurement", "must be the name of a measurement such as temperature");
  }
  read_kind(in, scope, condition);
  if (const auto hysteresis = in.optional_number("hysteresis")) {
    condition.hysteresis = *hysteresis;
    if (*hysteresis < 0) in.wrong("hysteresis", "must not be below 0");
  }
  if (const auto time = in.optional_seconds("holdFor", Seconds(0), kLongest))
    condition.hold_for = *time;
  if (const auto time = in.optional_seconds("cooldown", Seconds(0), kLongest))
    condition.cooldown = *time;
  if (condition.kind != Kind::silent) return;
  if (in.has("hysteresis")) in.wrong("hysteresis", "does not go with noDataFor");
  if (in.has("holdFor")) in.wrong("holdFor", "does not go with noDataFor");
  condition.threshold = condition.hysteresis = 0;
  condition.hold_for = Seconds(0);
}

void write_condition(JsonWriter& json, const Condition& condition) {
  json.member("measurement", condition.measurement);
  if (condition.kind == Kind::silent) {
    json.member("noDataFor", condition.no_data_for.count());
  } else {
    json.member(to_string(condition.kind), condition.threshold);
    json.member("hysteresis", condition.hysteresis);
    json.member("holdFor", condition.hold_for.count());
  }
  json.member("cooldown", condition.cooldown.count());
}

std::string spell(Seconds time) {
  const auto count = time.count();
  if (count > 0 && count % 86'400 == 0) return std::to_string(count / 86'400) + " d";
  if (count > 0 && count % 3600 == 0) return std::to_string(count / 3600) + " h";
  if (count > 0 && count % 60 == 0) return std::to_string(count / 60) + " min";
  return std::to_string(count) + " s";
}

std::string describe_limit(const Condition& condition) {
  if (condition.kind == Kind::silent) return "no data for " + spell(condition.no_data_for);
  std::string text = std::string(to_string(condition.kind)) + ' ';
  append_number(text, condition.threshold);
  return text;
}

std::string describe(const Condition& condition) {
  return condition.measurement + (condition.kind == Kind::silent ? ": " : " ") +
         describe_limit(condition);
}

}  // namespace croft::rules

// Tests of conditions as JSON.
// SPDX-License-Identifier: Apache-2.0
#include "rules/condition.hpp"

#include <gtest/gtest.h>

namespace croft::rules {
namespace {

struct Answer {
  Condition condition;
  std::optional<Error> error;
};

Answer read(const char* body, Scope scope = Scope::whole, Condition from = {}) {
  JsonFields in(body);
  read_condition(in, scope, from);
  return {from, in.error()};
}

std::string text(const Condition& condition) {
  JsonWriter json;
  json.begin_object();
  write_condition(json, condition);
  json.end_object();
  return std::move(json).str();
}

}  // namespace

TEST(Condition, IsReadWithItsDefaults) {
  const auto [condition, error] = read(R"({"measurement":"temperature","above":30})");
  ASSERT_FALSE(error);
  EXPECT_EQ(text(condition),
            R"({"measurement":"temperature","above":30,"hysteresis":0,"holdFor":0,"cooldown":0})");
}

TEST(Condition, TakesDurationsInSecondsAndInIso8601) {
  const auto [condition, error] = read(
      R"({"measurement":"soilMoisture","below":300,"hysteresis":20,"holdFor":"PT5M","cooldown":90})");
  ASSERT_FALSE(error);
  EXPECT_EQ(condition.kind, Kind::below);
  EXPECT_EQ(condition.hold_for, Seconds(300));
  EXPECT_EQ(condition.cooldown, Seconds(90));
  EXPECT_EQ(describe(condition), "soilMoisture below 300");
}

TEST(Condition, CanBeSilence) {
  const auto [condition, error] = read(R"({"measurement":"humidity","noDataFor":"PT10M"})");
  ASSERT_FALSE(error);
  EXPECT_EQ(text(condition), R"({"measurement":"humidity","noDataFor":600,"cooldown":0})");
  EXPECT_EQ(describe(condition), "humidity: no data for 10 min");
}

TEST(Condition, IsRefusedByTheNameOfEachMistake) {
  const auto field = [](const char* body) {
    const auto answer = read(body);
    return answer.error && !answer.error->fields.empty() ? answer.error->fields[0].field : "";
  };
  EXPECT_EQ(field(R"({"above":30})"), "measurement");
  EXPECT_EQ(field(R"({"measurement":"soil moisture","above":30})"), "measurement");
  EXPECT_EQ(field(R"({"measurement":"t"})"), "above");
  EXPECT_EQ(field(R"({"measurement":"t","above":30,"below":10})"), "below");
  EXPECT_EQ(field(R"({"measurement":"t","above":30,"noDataFor":10})"), "noDataFor");
  EXPECT_EQ(field(R"({"measurement":"t","above":"30"})"), "above");
  EXPECT_EQ(field(R"({"measurement":"t","above":30,"hysteresis":-1})"), "hysteresis");
  EXPECT_EQ(field(R"({"measurement":"t","above":30,"holdFor":-1})"), "holdFor");
  EXPECT_EQ(field(R"({"measurement":"t","above":30,"holdFor":"5m"})"), "holdFor");
  EXPECT_EQ(field(R"({"measurement":"t","above":30,"cooldown":"P1Y"})"), "cooldown");
  EXPECT_EQ(field(R"({"measurement":"t","noDataFor":0})"), "noDataFor");
  EXPECT_EQ(field(R"({"measurement":"t","noDataFor":60,"holdFor":5})"), "holdFor");
  EXPECT_EQ(field(R"({"measurement":"t","noDataFor":60,"hysteresis":5})"), "hysteresis");
}

TEST(Condition, IsChangedMemberByMember) {
  const auto [was, none] =
      read(R"({"measurement":"t","above":30,"hysteresis":2,"holdFor":60,"cooldown":300})");
  EXPECT_EQ(read(R"({"above":35})", Scope::changes, was).condition.hysteresis, 2);
  EXPECT_EQ(read(R"({"below":5})", Scope::changes, was).condition.kind, Kind::below);
  EXPECT_EQ(read(R"({})", Scope::changes, was).condition, was);
  const auto silent = read(R"({"noDataFor":60})", Scope::changes, was);
  EXPECT_FALSE(silent.error);
  EXPECT_EQ(silent.condition.hold_for, Seconds(0));
  EXPECT_EQ(silent.condition.cooldown, Seconds(300));
}

}  // namespace croft::rules

// Tests of the guard's decisions and of what it reports.
// SPDX-License-Identifier: Apache-2.0
#include "broker/guard/rules.hpp"

#include <gtest/gtest.h>

#include "broker/guard/report.hpp"
#include "protocol/limits.hpp"

namespace croft::broker::guard {
namespace {

Rules house() {
  Rules rules;
  rules.accounts["croft"] = {hash_of("service secret"), kPlatform};
  rules.accounts["croft-data"] = {hash_of("secret of data"), kData};
  rules.table["a"].hash = hash_of("secret of a");
  rules.table["b"].hash = hash_of("secret of b");
  rules.table["b"].grants = {"/exp/sensor", "old/+/#"};
  rules.grants = {{"a", "plants/a"}};
  return rules;
}

TEST(Hash, IsTheWellKnownSha256) {
  EXPECT_EQ(to_hex(hash_of("abc")),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(parse_hash(to_hex(hash_of("abc"))), hash_of("abc"));
  EXPECT_FALSE(parse_hash("abc"));
}

TEST(Rules, LetInWhoKnowsTheSecret) {
  Rules rules = house();
  EXPECT_EQ(rules.log_in("croft", "service secret", "croft-app"), Refusal::none);
  EXPECT_EQ(rules.log_in("a", "secret of a", "a"), Refusal::none);
  EXPECT_EQ(rules.log_in("a", "secret of a", ""), Refusal::none);
  EXPECT_EQ(rules.log_in("a", "secret of a", "ESP8266Client-17"), Refusal::none);
  EXPECT_TRUE(rules.table["a"].seen);
}

TEST(Rules, LetEachServiceIntoItsOwnSessionsOnly) {
  Rules rules = house();
  EXPECT_EQ(rules.log_in("croft-data", "secret of data", "croft-data"), Refusal::none);
  EXPECT_EQ(rules.log_in("croft-data", "secret of data", "croft-data-2"), Refusal::none);
  EXPECT_EQ(rules.log_in("croft-data", "secret of data", "croft-database"),
            Refusal::client_id_taken);
  EXPECT_EQ(rules.log_in("croft-data", "secret of data", "croft-command"),
            Refusal::client_id_taken);
  EXPECT_EQ(rules.log_in("croft-data", "secret of data", "a"), Refusal::client_id_taken);
  EXPECT_EQ(rules.log_in("croft-data", "service secret", "croft-data"), Refusal::unknown);
  EXPECT_EQ(rules.log_in("croft-auth", "secret of data", "croft-auth"), Refusal::unknown);
}

TEST(Rules, KeepOutEverybodyElse) {
  Rules rules = house();
  EXPECT_EQ(rules.log_in("croft", "wrong", "x"), Refusal::unknown);
  EXPECT_EQ(rules.log_in("croft", "", "x"), Refusal::unknown);
  EXPECT_EQ(rules.log_in("a", "secret of b", "a"), Refusal::bad_credentials);
  EXPECT_EQ(rules.log_in("a", "", "a"), Refusal::bad_credentials);
  for (const char* user : {"", "c", "+", "#", "a/b", "A"})
    EXPECT_EQ(rules.log_in(user, "secret of a", "x"), Refusal::unknown) << user;
  EXPECT_FALSE(rules.table["a"].seen);
}

TEST(Rules, GiveNoDeviceTheSessionOfAnother) {
  Rules rules = house();
  EXPECT_EQ(rules.log_in("a", "secret of a", "b"), Refusal::client_id_taken);
  EXPECT_EQ(rules.log_in("a", "secret of a", "croft-app"), Refusal::client_id_taken);
}

TEST(Rules, LeaveAClientIdToTheDeviceThatUsedItFirst) {
  Rules rules = house();
  EXPECT_EQ(rules.log_in("a", "secret of a", "ESP8266Client"), Refusal::none);
  EXPECT_EQ(rules.log_in("b", "secret of b", "ESP8266Client"), Refusal::client_id_taken);
  EXPECT_EQ(rules.log_in("a", "secret of a", "ESP8266Client"), Refusal::none);
  for (std::size_t i = 0; i < kMostClaims; ++i)
    EXPECT_EQ(rules.log_in("a", "secret of a", "random-" + std::to_string(i)), Refusal::none);
  EXPECT_EQ(rules.claims.size(), kMostClaims);
  EXPECT_EQ(rules.log_in("b", "secret of b", "ESP8266Client"), Refusal::none) << "long unused";
  rules.table.erase("b");
  EXPECT_EQ(rules.log_in("a", "secret of a", "ESP8266Client"), Refusal::none)
      << "its owner is gone";
  EXPECT_EQ(rules.log_in("a", "secret of a", std::string(257, 'x')), Refusal::client_id_taken);
}

TEST(Rules, LetADeviceWriteItsOwnTopicsOnly) {
  const Rules rules = house();
  for (const char* kind :
       {"telemetry", "command/ack", "state", "status", "firmware", "update/get"}) {
    EXPECT_EQ(rules.may_write("a", std::string("croft/v1/a/") + kind, 10), Refusal::none) << kind;
    EXPECT_EQ(rules.may_write("a", std::string("croft/v1/b/") + kind, 10),
              Refusal::topic_not_allowed);
  }
  for (const char* topic :
       {"croft/v1/a/command", "croft/v1/a/telemetry/ack", "croft/v1/a/update",
        "croft/v1/a/update/data", "croft/v1/a/refused", "croft/v1/a", "croft/v1/a/telemetry/",
        "croft/v2/a/telemetry", "$CONTROL/croft/v1/devices", "$SYS/x", "telemetry", "/exp/sensor",
        "old/x", ""})
    EXPECT_EQ(rules.may_write("a", topic, 10), Refusal::topic_not_allowed) << topic;
  EXPECT_EQ(rules.may_write("nobody", "croft/v1/nobody/state", 1), Refusal::unknown);
}

TEST(Rules, LetADeviceWriteWhatItIsGranted) {
  Rules rules = house();
  EXPECT_EQ(rules.may_write("b", "/exp/sensor", 1), Refusal::none);
  EXPECT_EQ(rules.may_write("b", "old/x", 1), Refusal::none);
  EXPECT_EQ(rules.may_write("b", "old/x/y/z", 1), Refusal::none);
  EXPECT_EQ(rules.may_write("b", "old", 1), Refusal::topic_not_allowed);
  EXPECT_EQ(rules.may_write("b", "plants/a", 1), Refusal::topic_not_allowed);
  EXPECT_EQ(rules.may_write("a", "plants/a", 1), Refusal::none);
  rules.table["b"].grants = {"#"};
  EXPECT_EQ(rules.may_write("b", "croft/v1/a/telemetry", 1), Refusal::topic_not_allowed)
      << "no grant reaches another device";
  EXPECT_EQ(rules.may_write("b", "$CONTROL/croft/v1/devices", 1), Refusal::topic_not_allowed);
}

TEST(Rules, LetADeviceSendSixtyFourKilobytes) {
  const Rules rules = house();
  EXPECT_EQ(rules.may_write("a", "croft/v1/a/telemetry", protocol::kMaxPayloadBytes),
            Refusal::none);
  EXPECT_EQ(rules.may_write("a", "croft/v1/a/telemetry", protocol::kMaxPayloadBytes + 1),
            Refusal::too_large);
  EXPECT_EQ(rules.may_write("b", "/exp/sensor", 1'000'000), Refusal::too_large);
  EXPECT_EQ(rules.may_write("croft", "croft/v1/a/command", 1'000'000), Refusal::none);
}

TEST(Rules, LetADeviceHearItsCommandsOnly) {
  const Rules rules = house();
  EXPECT_EQ(rules.may_hear("a", "croft/v1/a/command"), Refusal::none);
  EXPECT_EQ(rules.may_hear("a", "croft/v1/a/telemetry/ack"), Refusal::none);
  EXPECT_EQ(rules.may_hear("a", "croft/v1/a/update"), Refusal::none);
  EXPECT_EQ(rules.may_hear("a", "croft/v1/a/update/data"), Refusal::none);
  for (const char* topic : {"croft/v1/b/command", "croft/v1/b/update/data", "croft/v1/a/update/get",
                            "croft/v1/+/command", "croft/v1/a/#", "croft/v1/a/+", "#", "+/#",
                            "croft/v1/a/telemetry", "croft/v1/a/refused", "$SYS/#", "$CONTROL/#",
                            "$share/g/croft/v1/a/command", "/exp/sensor", ""})
    EXPECT_EQ(rules.may_hear("a", topic), Refusal::topic_not_allowed) << topic;
  EXPECT_EQ(rules.may_hear("croft", "#"), Refusal::none);
}

TEST(Report, SaysWhatWasRefusedAsJson) {
  EXPECT_EQ(write_report({Refusal::too_large, "publish", "a/b", 70'000}, 0),
            R"({"reason":"tooLarge","access":"publish","topic":"a/b","bytes":70000})");
  EXPECT_EQ(write_report({Refusal::bad_credentials, "connect", "", 0}, 7),
            R"({"reason":"badCredentials","access":"connect","suppressed":7})");
}

TEST(Report, EscapesAndCutsTopics) {
  const auto json = [](std::string_view text, std::size_t most = 256) {
    std::string out;
    append_json(out, text, most);
    return out;
  };
  EXPECT_EQ(json("a\"b\\c\n\x01\x7f"), R"("a\"b\\c\u000a\u0001\u007f")");
  EXPECT_EQ(json("\xc3\xa4\xe2\x82\xac\xf0\x9f\x8c\xb1"),
            "\"\xc3\xa4\xe2\x82\xac\xf0\x9f\x8c\xb1\"");
  EXPECT_EQ(json("a\xff"
                 "b\xc3"),
            "\"a\xef\xbf\xbd"
            "b\xef\xbf\xbd\"");
  EXPECT_EQ(json("\xed\xa0\x80").find('\xed'), std::string::npos) << "a surrogate";
  EXPECT_EQ(json("\xc0\xaf").find('\xc0'), std::string::npos) << "overlong";
  EXPECT_EQ(json("abc\xc3\xa4", 4), "\"abc\"") << "no half characters";
  EXPECT_EQ(json(std::string(1000, 'x')).size(), 258u);
}

TEST(Report, HoldsBackAFloodAndCountsIt) {
  Rules rules = house();
  Reporter reporter;
  auto now = std::chrono::steady_clock::now();
  const Refused refused{Refusal::topic_not_allowed, "publish", "x", 1};
  int sent = 0;
  for (int i = 0; i < 1000; ++i) sent += reporter.report(rules.table, "a", refused, now) ? 1 : 0;
  EXPECT_EQ(sent, 10);
  EXPECT_TRUE(reporter.report(rules.table, "b", refused, now)) << "each device has its own measure";
  EXPECT_FALSE(reporter.report(rules.table, "nobody", refused, now));
  now += std::chrono::milliseconds(150);
  const auto next = reporter.report(rules.table, "a", refused, now);
  ASSERT_TRUE(next);
  EXPECT_NE(next->find("\"suppressed\":990"), std::string::npos) << *next;
}

TEST(Report, TellsOfTheSuppressedThoughNothingFollows) {
  Rules rules = house();
  Reporter reporter;
  auto now = std::chrono::steady_clock::now();
  const Refused refused{Refusal::topic_not_allowed, "publish", "x", 1};
  for (int i = 0; i < 15; ++i) reporter.report(rules.table, "a", refused, now);
  EXPECT_TRUE(reporter.owed(rules.table, now).empty()) << "not while the flood goes on";
  now += std::chrono::milliseconds(1001);
  const auto owed = reporter.owed(rules.table, now);
  ASSERT_EQ(owed.size(), 1u);
  EXPECT_EQ(owed[0].device, "a");
  EXPECT_EQ(owed[0].payload, R"({"reason":"more","suppressed":5})");
  now += std::chrono::seconds(5);
  EXPECT_TRUE(reporter.owed(rules.table, now).empty());
}

}  // namespace
}  // namespace croft::broker::guard

// Tests of commands, their answers and actuator states.
// SPDX-License-Identifier: Apache-2.0
#include "protocol/command_codec.hpp"

#include <gtest/gtest.h>

#include <string>

namespace croft::protocol {
namespace {

constexpr const char* kExample =
    R"({"id":"c-1","actuator":"led","action":"on","for":600,"expires":"2026-11-22T13:00:00Z"})";

std::string command_reason(std::string_view payload) {
  Command command;
  return std::string(to_string(decode_command(payload, command).refusal));
}
std::string ack_reason(std::string_view payload) {
  CommandAck ack;
  return std::string(to_string(decode_command_ack(payload, ack).refusal));
}
std::string state_reason(std::string_view payload) {
  ActuatorState state;
  return std::string(to_string(decode_state(payload, state).refusal));
}

TEST(Command, ReadsTheContractsExample) {
  Command command;
  ASSERT_TRUE(decode_command(kExample, command));
  EXPECT_EQ(command.id.view(), "c-1");
  EXPECT_EQ(command.actuator.view(), "led");
  EXPECT_TRUE(command.on);
  EXPECT_EQ(command.for_seconds, 600u);
  EXPECT_EQ(command.expires_ms, 1795352400000);
}

TEST(Command, ComesBackFromItsText) {
  Command command;
  command.id.assign(std::string(64, 'i'));
  command.actuator.assign(std::string(64, 'a'));
  command.for_seconds = kMaxForSeconds;
  command.expires_ms = 1795352400123;
  char buffer[kMaxCommandBytes];
  const std::string_view text = encode_command(command, buffer, sizeof buffer);
  ASSERT_FALSE(text.empty());
  Command back;
  ASSERT_TRUE(decode_command(text, back)) << text;
  EXPECT_EQ(back.id.view(), command.id.view());
  EXPECT_FALSE(back.on);
  EXPECT_EQ(back.for_seconds, kMaxForSeconds);
  EXPECT_EQ(back.expires_ms, command.expires_ms);
}

TEST(Command, ReadsExpiryAsNumberAndIgnoresUnknownMembers) {
  Command command;
  ASSERT_TRUE(decode_command(
      R"({"id":"1","actuator":"led","action":"off","for":null,"expires":1795352400,"by":{"x":[1]}})",
      command));
  EXPECT_EQ(command.expires_ms, 1795352400000);
  EXPECT_FALSE(command.for_seconds);
}

TEST(Command, KeepsTheIdOfACommandItCannotUnderstand) {
  Command command;
  EXPECT_FALSE(decode_command(R"({"id":"c-9","actuator":"led","action":"blink"})", command));
  EXPECT_EQ(command.id.view(), "c-9");
}

TEST(Command, RefusesWhatItCannotObey) {
  const auto with = [](const std::string& member) {
    return command_reason(R"({"id":"1","actuator":"led","action":"on","expires":1795352400,)" +
                          member + "}");
  };
  EXPECT_EQ(with("\"for\":0"), "badValue");
  EXPECT_EQ(with("\"for\":-1"), "badValue");
  EXPECT_EQ(with("\"for\":1.5"), "badValue");
  EXPECT_EQ(with("\"for\":\"1\""), "badValue");
  EXPECT_EQ(with("\"for\":" + std::to_string(kMaxForSeconds + 1)), "badValue");
  EXPECT_EQ(with("\"for\":1,\"for\":1"), "duplicateMember");
  EXPECT_EQ(with("\"id\":\"2\""), "duplicateMember");
  EXPECT_EQ(with("\"x\":tru"), "badJson");
  EXPECT_EQ(command_reason(R"({"id":"1","actuator":"led","action":"on"})"), "missingMember");
  EXPECT_EQ(command_reason(R"({"actuator":"led","action":"on","expires":1})"), "missingMember");
  EXPECT_EQ(command_reason(R"({"id":"1","action":"on","expires":1})"), "missingMember");
  EXPECT_EQ(command_reason(R"({"id":"1","actuator":"led","expires":1})"), "missingMember");
  EXPECT_EQ(command_reason(R"({"id":"","expires":1})"), "badName");
  EXPECT_EQ(command_reason(R"({"id":"a b"})"), "badName");
  EXPECT_EQ(command_reason("{\"id\":\"" + std::string(65, 'i') + "\"}"), "badName");
  EXPECT_EQ(command_reason(R"({"id":7})"), "badName");
  EXPECT_EQ(command_reason(R"({"actuator":"1led"})"), "badName");
  EXPECT_EQ(command_reason(R"({"action":"ON"})"), "badValue");
  EXPECT_EQ(command_reason(R"({"action":true})"), "badValue");
  EXPECT_EQ(command_reason(R"({"action":"off and on again"})"), "badValue");
  EXPECT_EQ(command_reason(R"({"expires":"soon"})"), "badTime");
  EXPECT_EQ(command_reason(R"({"expires":null})"), "badTime");
  EXPECT_EQ(command_reason("[]"), "badJson");
  EXPECT_EQ(command_reason(""), "empty");
  EXPECT_EQ(command_reason(std::string(65537, ' ')), "tooLarge");
}

TEST(Command, IsNotWrittenWhenItBreaksItsOwnGrammar) {
  char buffer[kMaxCommandBytes];
  Command command;
  EXPECT_EQ(encode_command(command, buffer, sizeof buffer), "");
  command.id.assign("1");
  command.actuator.assign("led");
  EXPECT_NE(encode_command(command, buffer, sizeof buffer), "");
  EXPECT_EQ(encode_command(command, buffer, 20), "");
  command.for_seconds = 0;
  EXPECT_EQ(encode_command(command, buffer, sizeof buffer), "");
}

TEST(CommandAck, IsSpelledAsInTheContract) {
  char buffer[kMaxCommandAckBytes];
  CommandAck ack;
  ack.id.assign("c-1");
  ack.done = true;
  ack.actuator.assign("led");
  ack.on = true;
  EXPECT_EQ(encode_command_ack(ack, buffer, sizeof buffer),
            R"({"id":"c-1","state":"done","actuator":"led","value":"on"})");
  ack.done = false;
  ack.actuator = {};
  ack.reason.assign("expired");
  EXPECT_EQ(encode_command_ack(ack, buffer, sizeof buffer),
            R"({"id":"c-1","state":"refused","reason":"expired"})");
}

TEST(CommandAck, ComesBackFromItsText) {
  CommandAck ack;
  ASSERT_TRUE(decode_command_ack(
      R"({"id":"1","state":"done","actuator":"led","value":"on","n":null})", ack));
  EXPECT_TRUE(ack.done && ack.on);
  EXPECT_EQ(ack.actuator.view(), "led");
  ASSERT_TRUE(decode_command_ack(R"({"id":"1","state":"refused","reason":"no \"led\"\n"})", ack));
  EXPECT_FALSE(ack.done);
  EXPECT_EQ(ack.reason.view(), "no \"led\"\n");
  char buffer[kMaxCommandAckBytes];
  CommandAck again;
  ASSERT_TRUE(decode_command_ack(encode_command_ack(ack, buffer, sizeof buffer), again));
  EXPECT_EQ(again.reason.view(), ack.reason.view());
}

TEST(CommandAck, CutsALongReasonAtACharactersBorder) {
  const std::string euros = [] {
    std::string out;
    for (int i = 0; i < 100; ++i) out += "\xe2\x82\xac";
    return out;
  }();
  for (const char* start : {"", "\\u0061"}) {
    CommandAck ack;
    ASSERT_TRUE(decode_command_ack(
        "{\"id\":\"1\",\"state\":\"refused\",\"reason\":\"" + (start + euros) + "\"}", ack));
    EXPECT_EQ(ack.reason.view().size(), *start ? 127u : 126u);
  }
}

TEST(CommandAck, RefusesWhatSaysNothing) {
  EXPECT_EQ(ack_reason(R"({"id":"1"})"), "missingMember");
  EXPECT_EQ(ack_reason(R"({"state":"done","actuator":"led","value":"on"})"), "missingMember");
  EXPECT_EQ(ack_reason(R"({"id":"1","state":"done","actuator":"led"})"), "missingMember");
  EXPECT_EQ(ack_reason(R"({"id":"1","state":"done","value":"on"})"), "missingMember");
  EXPECT_EQ(ack_reason(R"({"id":"1","state":"maybe"})"), "badValue");
  EXPECT_EQ(ack_reason(R"({"id":"1","state":"refused","reason":7})"), "badValue");
  EXPECT_EQ(ack_reason("{\"id\":\"1\",\"state\":\"refused\",\"reason\":\"\xff\"}"), "badJson");
  EXPECT_EQ(ack_reason(R"({"id":"1","state":"refused","state":"done"})"), "duplicateMember");
}

TEST(ActuatorState, GoesBothWays) {
  ActuatorState state;
  EXPECT_TRUE(state.add("led", true));
  EXPECT_TRUE(state.add("pump", false));
  EXPECT_FALSE(state.add("led", false));
  EXPECT_FALSE(state.add("1", false));
  char buffer[kMaxStateBytes];
  EXPECT_EQ(encode_state(state, buffer, sizeof buffer), R"({"led":"on","pump":"off"})");
  ActuatorState back;
  ASSERT_TRUE(decode_state(R"({"led":"on","pump":"off"})", back));
  ASSERT_EQ(back.count, 2u);
  EXPECT_TRUE(back.entries[0].on);
  EXPECT_FALSE(back.entries[1].on);
  EXPECT_TRUE(decode_state("{}", back));
  EXPECT_EQ(back.count, 0u);
}

TEST(ActuatorState, IsBounded) {
  ActuatorState state;
  for (std::size_t i = 0; i < kMaxActuators; ++i) {
    EXPECT_TRUE(state.add(std::string(62, 'a') + std::to_string(10 + i), i % 2 == 0));
  }
  EXPECT_FALSE(state.add("more", true));
  char buffer[kMaxStateBytes];
  std::string text(encode_state(state, buffer, sizeof buffer));
  ASSERT_FALSE(text.empty());
  EXPECT_EQ(state_reason(text), "none");
  text.insert(1, "\"more\":\"on\",");
  EXPECT_EQ(state_reason(text), "tooManyEntries");
  EXPECT_EQ(state_reason(R"({"led":"on","led":"on"})"), "duplicateMember");
  EXPECT_EQ(state_reason(R"({"led":1})"), "badValue");
  EXPECT_EQ(state_reason(R"({"":"on"})"), "badName");
  EXPECT_EQ(state_reason("{\"" + std::string(65, 'a') + "\":\"on\"}"), "badName");
}

}  // namespace
}  // namespace croft::protocol

// Tests of the device topics.
// SPDX-License-Identifier: Apache-2.0
#include "protocol/topics.hpp"

#include <gtest/gtest.h>

#include <string>

namespace croft::protocol {
namespace {

constexpr Kind kEveryKind[] = {
    Kind::telemetry, Kind::telemetry_ack, Kind::command, Kind::command_ack, Kind::state,
    Kind::status,    Kind::firmware,      Kind::update,  Kind::update_get,  Kind::update_data};

TEST(Topics, EveryKindComesBackFromTheTopicItMade) {
  for (Kind kind : kEveryKind) {
    char buffer[kMaxTopicBytes];
    const std::string device(kMaxDeviceIdBytes, 'd');
    const std::string_view topic = write_topic(device, kind, buffer, sizeof buffer);
    const auto parsed = parse_topic(topic);
    ASSERT_TRUE(parsed) << topic;
    EXPECT_EQ(parsed->device, device);
    EXPECT_EQ(parsed->kind, kind);
  }
}

TEST(Topics, AreSpelledAsInTheContract) {
  char buffer[kMaxTopicBytes];
  EXPECT_EQ(write_topic("a", Kind::telemetry, buffer, sizeof buffer), "croft/v1/a/telemetry");
  EXPECT_EQ(write_topic("a", Kind::telemetry_ack, buffer, sizeof buffer),
            "croft/v1/a/telemetry/ack");
  EXPECT_EQ(write_topic("a", Kind::command, buffer, sizeof buffer), "croft/v1/a/command");
  EXPECT_EQ(write_topic("a", Kind::command_ack, buffer, sizeof buffer), "croft/v1/a/command/ack");
  EXPECT_EQ(write_topic("a", Kind::state, buffer, sizeof buffer), "croft/v1/a/state");
  EXPECT_EQ(write_topic("a", Kind::status, buffer, sizeof buffer), "croft/v1/a/status");
  EXPECT_EQ(write_topic("a", Kind::firmware, buffer, sizeof buffer), "croft/v1/a/firmware");
  EXPECT_EQ(write_topic("a", Kind::update_get, buffer, sizeof buffer), "croft/v1/a/update/get");
  EXPECT_EQ(filter(Kind::update_data), "croft/v1/+/update/data");
  EXPECT_EQ(filter(Kind::telemetry), "croft/v1/+/telemetry");
  EXPECT_EQ(filter(Kind::command_ack), "croft/v1/+/command/ack");
}

TEST(Topics, OthersAreNotOurs) {
  for (const char* topic :
       {"", "croft", "croft/v1/", "croft/v1//telemetry", "croft/v1/a", "croft/v1/a/",
        "croft/v1/a/telemetry/", "croft/v1/a/telemetry/ack/x", "croft/v2/a/telemetry",
        "Croft/v1/a/telemetry", "croft/v1/a b/telemetry", "croft/v1/+/telemetry",
        "croft/v1/a/b/telemetry", "x/croft/v1/a/telemetry", "croft/v1/a/Telemetry"}) {
    EXPECT_FALSE(parse_topic(topic)) << topic;
  }
  EXPECT_FALSE(parse_topic("croft/v1/" + std::string(65, 'a') + "/state"));
}

TEST(Topics, AreNotWrittenWhenTheyDoNotFitOrTheIdIsInvalid) {
  char buffer[kMaxTopicBytes];
  EXPECT_EQ(write_topic("a", Kind::state, buffer, 15), "");
  EXPECT_EQ(write_topic("a", Kind::state, buffer, 16), "croft/v1/a/state");
  for (const char* id : {"", "a/b", "#", "+", "a\n", "\xc3\xa9"}) {
    EXPECT_EQ(write_topic(id, Kind::state, buffer, sizeof buffer), "") << id;
  }
  EXPECT_EQ(write_topic(std::string(65, 'a'), Kind::state, buffer, sizeof buffer), "");
}

TEST(Names, FollowTheirGrammar) {
  for (const char* good : {"a", "T", "soilMoisture", "a.b-c_9", "x1"}) EXPECT_TRUE(is_name(good));
  for (const char* bad : {"", "1a", "_a", ".a", "a b", "a/b", "\xc3\xa9", "a\"", "a:b"}) {
    EXPECT_FALSE(is_name(bad)) << bad;
  }
  EXPECT_TRUE(is_name(std::string(64, 'n')));
  EXPECT_FALSE(is_name(std::string(65, 'n')));
  EXPECT_TRUE(is_device_id("0-_Z"));
  EXPECT_FALSE(is_device_id("a.b"));
}

}  // namespace
}  // namespace croft::protocol

// Tests of topic filters with the cases of the MQTT specification.
// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "mqtt/client.hpp"

namespace croft::mqtt {

TEST(Topic, MatchesByLevels) {
  EXPECT_TRUE(matches("croft/v1/+/telemetry", "croft/v1/node/telemetry"));
  EXPECT_FALSE(matches("croft/v1/+/telemetry", "croft/v1/node/telemetry/ack"));
  EXPECT_FALSE(matches("croft/v1/+/telemetry", "croft/v1/telemetry"));
  EXPECT_TRUE(matches("a/b", "a/b"));
  EXPECT_FALSE(matches("a/b", "a/bc"));
  EXPECT_FALSE(matches("a/bc", "a/b"));
  EXPECT_FALSE(matches("a", "a/"));
  EXPECT_FALSE(matches("a/", "a"));
  EXPECT_TRUE(matches("a//b", "a//b"));
  EXPECT_FALSE(matches("a/b", "A/b"));
}

TEST(Topic, MatchesManyLevelsAndTheParent) {
  for (const auto* topic : {"sport/tennis/player1", "sport/tennis/player1/ranking",
                            "sport/tennis/player1/score/wimbledon"})
    EXPECT_TRUE(matches("sport/tennis/player1/#", topic)) << topic;
  EXPECT_TRUE(matches("sport/#", "sport"));
  EXPECT_TRUE(matches("#", "anything/at/all"));
  EXPECT_FALSE(matches("sport/#", "sports"));
  EXPECT_TRUE(matches("sport/#", "sport/"));
}

TEST(Topic, MatchesOneLevelEvenAnEmptyOne) {
  EXPECT_TRUE(matches("sport/tennis/+", "sport/tennis/player1"));
  EXPECT_FALSE(matches("sport/tennis/+", "sport/tennis/player1/ranking"));
  EXPECT_FALSE(matches("sport/+", "sport"));
  EXPECT_TRUE(matches("sport/+", "sport/"));
  EXPECT_TRUE(matches("+/+", "/finance"));
  EXPECT_TRUE(matches("/+", "/finance"));
  EXPECT_FALSE(matches("+", "/finance"));
  EXPECT_TRUE(matches("+/tennis/#", "sport/tennis"));
}

TEST(Topic, GivesSystemTopicsOnlyToWhoNamesThem) {
  EXPECT_FALSE(matches("#", "$SYS/broker/load"));
  EXPECT_FALSE(matches("+/monitor/Clients", "$SYS/monitor/Clients"));
  EXPECT_TRUE(matches("$SYS/#", "$SYS/broker/load"));
  EXPECT_TRUE(matches("$SYS/monitor/+", "$SYS/monitor/Clients"));
  EXPECT_TRUE(matches("a/#", "a/$SYS"));
}

TEST(Topic, LooksIntoASharedSubscription) {
  EXPECT_TRUE(matches("$share/group/a/+", "a/b"));
  EXPECT_FALSE(matches("$share/group/a/+", "group/a/b"));
  EXPECT_FALSE(matches("$share/group", "group"));
}

TEST(Topic, KnowsValidFilters) {
  for (const auto* filter :
       {"#", "+", "a", "/", "a/#", "+/a/#", "/+", "a b", "$SYS/#", "$share/g/#"})
    EXPECT_TRUE(valid_filter(filter)) << filter;
  for (const auto* filter : {"", "a#", "a/#/b", "#/", "a+", "+a/b", "a/b+", "$share/", "$share/g",
                             "$share/g/", "$share//a", "$share/g+/a"})
    EXPECT_FALSE(valid_filter(filter)) << filter;
  EXPECT_FALSE(valid_filter(std::string_view("a\0b", 3)));
  EXPECT_TRUE(valid_filter(std::string(65'535, 'a')));
  EXPECT_FALSE(valid_filter(std::string(65'536, 'a')));
}

TEST(Topic, KnowsValidTopics) {
  for (const auto* topic : {"a", "/", "a//b", "$SYS/x", "a b/\xc3\xa4"})
    EXPECT_TRUE(valid_topic(topic)) << topic;
  for (const auto* topic : {"", "a/+", "#", "a#"}) EXPECT_FALSE(valid_topic(topic)) << topic;
  EXPECT_FALSE(valid_topic(std::string_view("a\0b", 3)));
  EXPECT_FALSE(valid_topic(std::string(65'536, 'a')));
}

}  // namespace croft::mqtt

// Tests of the table of targets: what runs here, where it listens, and what it must be told.
// SPDX-License-Identifier: Apache-2.0
#include "app/targets.hpp"

#include <gtest/gtest.h>

#include <stdexcept>

namespace croft::app {

TEST(Targets, AreAllWhenNoneIsNamed) {
  for (const auto& words : std::vector<std::vector<std::string>>{{}, {"all"}, {"data", "all"}}) {
    const auto targets = parse_targets(words);
    EXPECT_TRUE(targets.all());
    EXPECT_EQ(targets.name(), "platform");
  }
}

TEST(Targets, AreWhatIsNamed) {
  const auto one = parse_targets({"data"});
  EXPECT_TRUE(one.data);
  EXPECT_FALSE(one.auth || one.command || one.visualisation);
  EXPECT_EQ(one.name(), "data");
  const auto two = parse_targets({"command", "auth"});
  EXPECT_EQ(two.name(), "auth-command");
  EXPECT_EQ(two.first(), "auth");
  EXPECT_TRUE(parse_targets({"auth", "data", "command", "visualisation"}).all());
}

TEST(Targets, AreToldWhenOneIsUnknown) {
  try {
    parse_targets({"dta"});
    FAIL();
  } catch (const std::runtime_error& error) {
    EXPECT_STREQ(error.what(),
                 "there is no target \"dta\"; targets are all, auth, data, command and "
                 "visualisation");
  }
}

TEST(Targets, HaveThePortsOfTheOriginalDesign) {
  EXPECT_EQ(defaults_for(parse_targets({})).http.listen, "0.0.0.0:8080");
  EXPECT_EQ(defaults_for(parse_targets({"auth"})).http.listen, "0.0.0.0:9090");
  EXPECT_EQ(defaults_for(parse_targets({"data"})).http.listen, "0.0.0.0:8181");
  EXPECT_EQ(defaults_for(parse_targets({"command"})).http.listen, "0.0.0.0:7070");
  EXPECT_EQ(defaults_for(parse_targets({"visualisation"})).http.listen, "0.0.0.0:5555");
}

TEST(Targets, HaveAStateDirectoryEach) {
  EXPECT_EQ(defaults_for(parse_targets({})).state_dir, "./croft-data");
  EXPECT_EQ(defaults_for(parse_targets({"data"})).state_dir, "./croft-data/data");
}

TEST(Targets, ApartNeedABrokerAndASessionStore) {
  const auto data = parse_targets({"data"});
  Config config;
  EXPECT_TRUE(missing_for(parse_targets({}), config).empty());
  EXPECT_EQ(missing_for(data, config).size(), 2U);
  config.mqtt.url = "mqtt://broker:1883";
  config.sessions.url = "redis://redis:6379";
  EXPECT_TRUE(missing_for(data, config).empty());
}

}  // namespace croft::app

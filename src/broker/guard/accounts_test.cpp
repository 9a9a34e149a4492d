// Tests of what each service's account may do.
// SPDX-License-Identifier: Apache-2.0
#include "broker/guard/accounts.hpp"

#include <gtest/gtest.h>

namespace croft::broker::guard {
namespace {

TEST(Accounts, ReadRoles) {
  EXPECT_EQ(parse_roles("platform"), kPlatform);
  EXPECT_EQ(parse_roles("data"), kData);
  EXPECT_EQ(parse_roles("auth,visualisation"), kAuth | kVisualisation);
  for (const char* wrong : {"", ",", "data,", "root", "platform,data", "auth data"})
    EXPECT_FALSE(parse_roles(wrong)) << wrong;
}

TEST(Accounts, LetEachServiceSpeakToNodesInItsOwnMatterOnly) {
  EXPECT_TRUE(may_write(kData, "croft/v1/a/telemetry/ack"));
  EXPECT_FALSE(may_write(kData, "croft/v1/a/command"));
  EXPECT_TRUE(may_write(kCommand, "croft/v1/a/command"));
  EXPECT_FALSE(may_write(kCommand, "croft/v1/a/telemetry/ack"));
  EXPECT_TRUE(may_write(kCommand, "croft/v1/a/update"));
  EXPECT_TRUE(may_write(kCommand, "croft/v1/a/update/data"));
  EXPECT_FALSE(may_write(kData, "croft/v1/a/update"));
  EXPECT_TRUE(may_hear(kCommand, "croft/v1/+/update/get"));
  EXPECT_FALSE(may_hear(kVisualisation, "croft/v1/+/update/get"));
  EXPECT_FALSE(may_write(kVisualisation, "croft/v1/a/command"));
  EXPECT_FALSE(may_write(kAuth, "croft/v1/a/command"));
  EXPECT_TRUE(may_write(kAuth, "croft/v1/a/status"));
  for (const Roles roles : {kData, kCommand, kVisualisation, kAuth})
    EXPECT_FALSE(may_write(roles, "croft/v1/a/telemetry"));
}

TEST(Accounts, LetEachServiceSpeakToTheOthersInItsOwnNameOnly) {
  EXPECT_TRUE(may_write(kAuth, "croft/internal/v1/auth/directory"));
  EXPECT_FALSE(may_write(kData, "croft/internal/v1/auth/directory"));
  EXPECT_FALSE(may_write(kVisualisation, "croft/internal/v1/auth/directory"));
  EXPECT_TRUE(may_write(kData | kAuth, "croft/internal/v1/auth/directory"));
  EXPECT_TRUE(may_hear(kVisualisation, "croft/internal/v1/+/ask"));
}

TEST(Accounts, LetOnlyAuthChangeTheTableOfDevices) {
  for (const Roles roles : {kData, kCommand, kVisualisation}) {
    EXPECT_FALSE(may_control(roles));
    EXPECT_FALSE(may_write(roles, kControlTopic));
  }
  EXPECT_TRUE(may_control(kAuth));
  EXPECT_TRUE(may_write(kAuth, kControlTopic));
}

TEST(Accounts, LetEachServiceHearNoMoreThanItNeeds) {
  EXPECT_TRUE(may_hear(kData, "croft/v1/+/telemetry"));
  EXPECT_TRUE(may_hear(kData, "/exp/sensor"));
  EXPECT_TRUE(may_hear(kCommand, "croft/v1/+/command/ack"));
  EXPECT_FALSE(may_hear(kCommand, "croft/v1/a/telemetry"));
  EXPECT_FALSE(may_hear(kCommand, "/exp/sensor"));
  for (const Roles roles : {kAuth, kData, kCommand, kVisualisation}) {
    EXPECT_TRUE(may_hear(roles, "$SYS/broker/publish/messages/dropped"));
    for (const char* wide :
         {"croft/#", "croft/v1/#", "croft/v1/+/+", "$SYS/#", "croft/v1/a/command"})
      EXPECT_FALSE(may_hear(roles, wide)) << wide;
  }
  EXPECT_TRUE(may_hear(kPlatform, "#"));
}

TEST(Accounts, KeepTheirNamesFromDevices) {
  EXPECT_TRUE(is_reserved("croft"));
  EXPECT_TRUE(is_reserved("croft-auth"));
  EXPECT_FALSE(is_reserved("crofter"));
}

}  // namespace
}  // namespace croft::broker::guard

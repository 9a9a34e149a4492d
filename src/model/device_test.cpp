// Tests of the directory of devices.
// SPDX-License-Identifier: Apache-2.0
#include "model/device.hpp"

#include <gtest/gtest.h>

namespace croft {
namespace {

DeviceEntry entry(const char* id, const char* owner, const char* name = "Bed") {
  return {DeviceId(id), UserId(owner), name};
}

}  // namespace

TEST(DeviceDirectory, HidesWhatBelongsToSomebodyElse) {
  DeviceDirectory directory;
  directory.put(entry("d1", "alice"));
  EXPECT_NE(directory.find_owned(DeviceId("d1"), UserId("alice")), nullptr);
  EXPECT_EQ(directory.find_owned(DeviceId("d1"), UserId("bob")), nullptr);
  EXPECT_EQ(directory.find_owned(DeviceId("d2"), UserId("alice")), nullptr);
}

TEST(DeviceDirectory, ListsAnOwnersDevicesOldestFirst) {
  DeviceDirectory directory;
  directory.put(entry("d3", "alice"));
  directory.put(entry("d1", "alice"));
  directory.put(entry("d2", "bob"));
  EXPECT_EQ(directory.owned_by(UserId("alice")),
            (std::vector<DeviceId>{DeviceId("d1"), DeviceId("d3")}));
}

TEST(DeviceDirectory, RenamesAndForgets) {
  DeviceDirectory directory;
  directory.put(entry("d1", "alice"));
  directory.put(entry("d1", "alice", "Bed 2"));
  EXPECT_EQ(directory.find("d1")->name, "Bed 2");
  EXPECT_EQ(directory.owned_by(UserId("alice")).size(), 1U);
  directory.remove(DeviceId("d1"));
  directory.remove(DeviceId("d1"));
  EXPECT_EQ(directory.find("d1"), nullptr);
  EXPECT_TRUE(directory.owned_by(UserId("alice")).empty());
}

}  // namespace croft

// What auth tells of devices and users: the whole directory in pieces, or one change.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "model/device.hpp"
#include "model/user.hpp"

namespace croft::relay {

// A change names what was put and what is gone. A piece of the whole directory says which of how
// many it is; what no piece names does not exist any more.
struct DirectoryNews {
  int part = 0;         // from 1; 0 is a change
  int parts = 0;        // of the whole
  std::string answers;  // of the whole: the question it answers, "" when nobody asked
  std::string key;      // tokens are checked with it: 64 hexadecimal digits; in the first part only
  std::vector<DeviceEntry> devices;
  std::vector<UserEntry> users;
  std::vector<DeviceId> gone_devices;
  std::vector<UserId> gone_users;
};

// {"part","parts","answers","key","devices":[{"id","owner","name"}],"users":[{"id","username","email",
// "timezone"}],"goneDevices":["id"],"goneUsers":["id"]}; empty members are left out.
std::string encode(const DirectoryNews&);
// Nothing when it is not such an object.
std::optional<DirectoryNews> decode_directory_news(std::string_view);

// The whole directory, in pieces of `entries` devices and users each.
std::vector<DirectoryNews> whole(const DeviceDirectory&, const UserDirectory&,
                                 const std::string& key, const std::string& answers,
                                 std::size_t entries = 400);

}  // namespace croft::relay

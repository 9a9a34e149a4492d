// Auth's side: tells the other processes which devices and users exist, and which sessions ended.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "live/feed.hpp"
#include "model/device.hpp"
#include "model/user.hpp"
#include "mqtt/client.hpp"
#include "relay/directory_news.hpp"

namespace croft::relay {

// The whole directory goes out at each connect and to whoever asks, every change at once; all over
// one connection, so that a change is heard before anything that follows from it. On the loop;
// everything must outlive it.
class Announcer {
 public:
  Announcer(mqtt::Client&, live::Feed&, const DeviceDirectory&, const UserDirectory&,
            std::string key);

 private:
  void tell_whole(const std::string& answers);
  void tell(const DirectoryNews&);
  void end_session(const SessionId&);
  void lost(bool queued);

  mqtt::Client& mqtt_;
  const DeviceDirectory& devices_;
  const UserDirectory& users_;
  std::string key_;
  std::vector<std::shared_ptr<void>> subscriptions_;
};

}  // namespace croft::relay

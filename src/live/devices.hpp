// What is known of every device right now, kept from its retained status and state and its
// readings. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/clock.hpp"
#include "live/feed.hpp"
#include "mqtt/client.hpp"

namespace croft::live {

// Listens to croft/v1/+/status and croft/v1/+/state and to the feed's readings. On the loop.
class Devices {
 public:
  Devices(const DeviceDirectory&, Feed&, const Clock&);

  // Subscribes; call once before the client runs.
  void listen(mqtt::Client&);
  // Nothing known of it yet: an empty DeviceNow.
  const DeviceNow& now(const DeviceId&) const;
  // A device has shown a sign of life (a reading, an acknowledgement).
  void seen(const DeviceId&);
  // What the data service remembers from before a restart; older than what is known is ignored.
  void remember(const Reading&);

 private:
  void on_status(mqtt::Delivery);
  void on_state(mqtt::Delivery);
  void on_reading(const ReadingStored&);
  DeviceNow* entry(std::string_view device);

  const DeviceDirectory& directory_;
  Feed& feed_;
  const Clock& clock_;
  std::unordered_map<std::string, DeviceNow> known_;
  std::vector<std::shared_ptr<void>> subscriptions_;
};

}  // namespace croft::live

// What is known of every device right now, kept from its retained status and state and its
// readings.
// SPDX-License-Identifier: Apache-2.0
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

// Listens to croft/v1/+/status, croft/v1/+/state and croft/v1/+/firmware and to the feed's
// readings. A device that never tells its status (somebody else's, or a script) is online while it
// is heard of. On the loop.
class Devices {
 public:
  Devices(const DeviceDirectory&, Feed&, const Clock&);

  // How long a device without a status counts as online after its last sign of life.
  static constexpr std::chrono::minutes kSilence{2};

  // Subscribes; call once before the client runs.
  void listen(mqtt::Client&);
  // Once in ten seconds: whoever tells no status and fell silent is offline. Until cancelled.
  Task<void> run();
  void notice_silence();
  // Nothing known of it yet: an empty DeviceNow.
  const DeviceNow& now(const DeviceId&) const;
  // A device has shown a sign of life (a reading, an acknowledgement).
  void seen(const DeviceId&);
  // What the data service remembers from before a restart; older than what is known is ignored.
  void remember(const Reading&);
  // The newest values of every device that has any, as readings.
  std::vector<Reading> latest() const;

 private:
  void heard_of(const DeviceId&, DeviceNow&);
  void on_status(mqtt::Delivery);
  void on_state(mqtt::Delivery);
  void on_firmware(mqtt::Delivery);
  void on_reading(const ReadingStored&);
  DeviceNow* entry(std::string_view device);

  const DeviceDirectory& directory_;
  Feed& feed_;
  const Clock& clock_;
  std::unordered_map<std::string, DeviceNow> known_;
  std::vector<std::shared_ptr<void>> subscriptions_;
};

}  // namespace croft::live

// The side of whoever shows, judges or remembers readings of a data service in another process.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>

#include "live/devices.hpp"
#include "live/feed.hpp"
#include "model/device.hpp"
#include "mqtt/client.hpp"

namespace croft::relay {

// Readings reach the feed and its keepers as if the data service were here. On the loop; everything
// must outlive it, and the keepers must be complete.
class ReadingSink {
 public:
  struct Needs {
    mqtt::Client& mqtt;
    live::Feed& feed;
    live::Devices& devices;
    const DeviceDirectory& directory;
    std::string self;  // a service's name
  };
  struct Wants {
    bool latest = false;  // each device's newest values, from before we came
    bool keep = false;    // what the keepers of this process want, and nothing of it lost
  };
  ReadingSink(Needs, Wants);

 private:
  void ask(std::string_view question);
  void give_to_keepers(mqtt::Delivery);
  void tell_watched();
  void tell_watched_soon();

  Needs needs_;
  bool telling_ = false;
  std::shared_ptr<void> subscription_;
};

}  // namespace croft::relay

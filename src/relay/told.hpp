// Events for live views in another process: commands, timed commands, alerts, sessions that ended.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "live/feed.hpp"
#include "mqtt/client.hpp"

namespace croft::relay {

// "<owner>\n<device>\n<JSON object>"
std::string encode(const live::Told&);
std::optional<live::Told> decode_told(std::string_view);

// The command service's side.
class EventSource {
 public:
  EventSource(mqtt::Client&, live::Feed&);

 private:
  void tell(const UserId& owner, const DeviceId&, std::string json);

  mqtt::Client& mqtt_;
  std::vector<std::shared_ptr<void>> subscriptions_;
};

// The others' side: what the command service and auth tell reaches the feed.
struct EventSink {
  bool commands = false;
  bool sessions = false;
  void listen(mqtt::Client&, live::Feed&) const;
};

}  // namespace croft::relay

// Events as messages.
// SPDX-License-Identifier: Apache-2.0
#include "relay/told.hpp"

#include "base/log.hpp"
#include "live/event_json.hpp"
#include "relay/topics.hpp"

namespace croft::relay {

std::string encode(const live::Told& told) {
  return told.owner.str() + '\n' + told.device.str() + '\n' + told.json;
}

std::optional<live::Told> decode_told(std::string_view text) {
  const auto first = text.find('\n');
  if (first == std::string_view::npos) return std::nullopt;
  const auto second = text.find('\n', first + 1);
  if (second == std::string_view::npos) return std::nullopt;
  const auto json = text.substr(second + 1);
  if (!json.starts_with('{')) return std::nullopt;
  return live::Told{UserId(text.substr(0, first)),
                    DeviceId(text.substr(first + 1, second - first - 1)), std::string(json)};
}

EventSource::EventSource(mqtt::Client& mqtt, live::Feed& feed) : mqtt_(mqtt) {
  subscriptions_ = {feed.command_changed.subscribe([this](const live::CommandChanged& event) {
                      tell(event.command.owner, event.command.device, live::event_json(event));
                    }),
                    feed.timed_changed.subscribe([this](const live::TimedChanged& event) {
                      tell(event.owner, event.device, live::event_json(event));
                    }),
                    feed.alert_changed.subscribe([this](const live::AlertChanged& event) {
                      tell(event.alert.owner, event.alert.device, live::event_json(event));
                    })};
}

// A live view that misses one reads the list when it comes back; nothing is stored by it.
void EventSource::tell(const UserId& owner, const DeviceId& device, std::string json) {
  if (mqtt_.connected())
    mqtt_.post({std::string(kEvents), encode(live::Told{owner, device, std::move(json)})});
}

void EventSink::listen(mqtt::Client& mqtt, live::Feed& feed) const {
  if (commands)
    mqtt.subscribe(std::string(kEvents), 1, [&feed](mqtt::Delivery delivery) {
      if (const auto told = decode_told(delivery.payload()))
        feed.told.publish(*told);
      else
        log::error("relay", "what the command service tells cannot be read");
      delivery.acknowledge();
    });
  if (sessions)
    mqtt.subscribe(std::string(kSessions), 1, [&feed](mqtt::Delivery delivery) {
      feed.session_ended.publish({SessionId(delivery.payload())});
      delivery.acknowledge();
    });
}

}  // namespace croft::relay

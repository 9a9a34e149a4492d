// From auth's events to messages.
// SPDX-License-Identifier: Apache-2.0
#include "relay/announcer.hpp"

#include <boost/asio/post.hpp>

#include "base/log.hpp"
#include "relay/topics.hpp"

namespace croft::relay {

Announcer::Announcer(mqtt::Client& mqtt, live::Feed& feed, const DeviceDirectory& devices,
                     const UserDirectory& users, std::string key)
    : mqtt_(mqtt), devices_(devices), users_(users), key_(std::move(key)) {
  const auto put = [this](const DeviceEntry& device) {
    DirectoryNews news;
    news.devices = {device};
    tell(news);
  };
  subscriptions_ = {
      feed.device_registered.subscribe(
          [put](const live::DeviceRegistered& event) { put(event.device); }),
      feed.device_renamed.subscribe([put](const live::DeviceRenamed& event) { put(event.device); }),
      feed.device_removed.subscribe([this](const live::DeviceRemoved& event) {
        DirectoryNews news;
        news.gone_devices = {event.device.id};
        tell(news);
      }),
      feed.user_changed.subscribe([this](const live::UserChanged& event) {
        DirectoryNews news;
        news.users = {event.user};
        tell(news);
      }),
      feed.user_removed.subscribe([this](const live::UserRemoved& event) {
        DirectoryNews news;
        news.gone_users = {event.user};
        tell(news);
      }),
      feed.session_ended.subscribe(
          [this](const live::SessionEnded& event) { end_session(event.session); })};
  mqtt_.on_connected([this](bool) { tell_whole(""); });
  mqtt_.subscribe(std::string(kQuestions), 1, [this](mqtt::Delivery delivery) {
    const std::string_view question = delivery.payload();
    if (question.starts_with(kAskDirectory)) tell_whole(std::string(question));
    delivery.acknowledge();
  });
}

void Announcer::tell_whole(const std::string& answers) {
  for (const auto& piece : whole(devices_, users_, key_, answers)) tell(piece);
}

void Announcer::tell(const DirectoryNews& news) {
  lost(mqtt_.post({std::string(kDirectory), encode(news)}));
}

void Announcer::end_session(const SessionId& session) {
  lost(mqtt_.post({std::string(kSessions), session.str()}));
}

// A new connection begins with the whole directory.
void Announcer::lost(bool queued) {
  if (queued) return;
  log::error("relay", "too many messages wait for the broker; the directory is told anew later");
  asio::post(mqtt_.executor(), [&mqtt = mqtt_] { mqtt.drop(); });
}

}  // namespace croft::relay

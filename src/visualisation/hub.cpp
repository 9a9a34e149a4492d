// Turns events into messages, once each, and gives them to clients.
// SPDX-License-Identifier: Apache-2.0
#include "visualisation/hub.hpp"

#include "base/json.hpp"
#include "live/event_json.hpp"

namespace croft::visualisation {
namespace {

std::string device_message(const DeviceId& device, const DeviceNow& now) {
  JsonWriter json;
  json.begin_object();
  json.member("type", "device");
  json.member("device", device.str());
  json.member("online", now.online);
  json.member("lastSeen", now.last_seen);
  json.key("state").begin_object();
  for (const auto& [actuator, value] : now.state) json.member(actuator, value);
  json.end_object().end_object();
  return std::move(json).str();
}

}  // namespace

Hub::Hub(Config config, const Needs& needs)
    : config_(config),
      needs_(needs),
      connected_(needs.metrics.gauge("live_clients", "WebSocket clients connected now")),
      sent_(needs.metrics.counter("live_messages_total", "Messages queued for live clients")),
      dropped_(needs.metrics.counter("live_clients_dropped_total",
                                     "Clients dropped because they read too slowly")) {
  auto& feed = needs.feed;
  subscriptions_.push_back(feed.reading_stored.subscribe(
      [this](const live::ReadingStored& event) { on_reading(event.reading); }));
  subscriptions_.push_back(feed.device_changed.subscribe(
      [this](const live::DeviceChanged& event) { on_device(event.device); }));
  subscriptions_.push_back(
      feed.command_changed.subscribe([this](const live::CommandChanged& event) {
        on_event(event.command.owner, event.command.device, event);
      }));
  subscriptions_.push_back(feed.timed_changed.subscribe(
      [this](const live::TimedChanged& event) { on_event(event.owner, event.device, event); }));
  subscriptions_.push_back(feed.alert_changed.subscribe([this](const live::AlertChanged& event) {
    on_event(event.alert.owner, event.alert.device, event);
  }));
  subscriptions_.push_back(feed.told.subscribe(
      [this](const live::Told& event) { send(event.owner, event.device, event.json); }));
  subscriptions_.push_back(feed.device_removed.subscribe(
      [this](const live::DeviceRemoved& event) { on_removed(event.device); }));
  subscriptions_.push_back(feed.session_ended.subscribe(
      [this](const live::SessionEnded& event) { on_session_ended(event.session); }));
}

Task<void> Hub::serve(const Principal& principal, http::WebSocket& socket) {
  const auto user = principal.user;
  LiveClient client(needs_.loop, socket, principal, {config_.queue_messages, config_.queue_bytes});
  by_user_[user].insert(&client);
  connected_.add(1);
  std::exception_ptr failure;
  try {
    co_await client.run();
  } catch (...) {
    failure = std::current_exception();
  }
  connected_.add(-1);
  auto& clients = by_user_[user];
  clients.erase(&client);
  if (clients.empty()) by_user_.erase(user);
  if (failure) std::rethrow_exception(failure);
}

const Hub::Clients* Hub::audience(const UserId& owner) const {
  const auto found = by_user_.find(owner);
  return found == by_user_.end() ? nullptr : &found->second;
}

void Hub::send(const UserId& owner, const DeviceId& device, std::string text) {
  const auto* clients = audience(owner);
  if (clients == nullptr) return;
  const auto shared = std::make_shared<const std::string>(std::move(text));
  for (auto* client : *clients) {
    if (!client->wants(device)) continue;
    (client->send(shared) ? sent_ : dropped_).add();
  }
}

void Hub::on_reading(const Reading& reading) {
  const auto* device = needs_.directory.find(reading.device);
  if (device == nullptr || audience(device->owner) == nullptr) return;
  JsonWriter json;
  json.begin_object();
  json.member("type", "reading");
  json.member("device", reading.device.str());
  json.member("time", reading.time);
  json.key("values");
  write_values(json, reading.values);
  json.end_object();
  send(device->owner, reading.device, std::move(json).str());
}

void Hub::on_device(const DeviceId& id) {
  const auto* device = needs_.directory.find(id);
  if (device == nullptr || audience(device->owner) == nullptr) return;
  send(device->owner, id, device_message(id, needs_.devices.now(id)));
}

template <class Event>
void Hub::on_event(const UserId& owner, const DeviceId& device, const Event& event) {
  if (audience(owner) != nullptr) send(owner, device, live::event_json(event));
}

void Hub::on_removed(const DeviceEntry& device) {
  if (audience(device.owner) == nullptr) return;
  JsonWriter json;
  json.begin_object();
  json.member("type", "deviceRemoved");
  json.member("device", device.id.str());
  json.end_object();
  send(device.owner, device.id, std::move(json).str());
}

void Hub::on_session_ended(const SessionId& session) {
  for (const auto& [user, clients] : by_user_)
    for (auto* client : clients)
      if (client->principal().session == session) client->close(4401, "the session has ended");
}

void Hub::close_expired() {
  const auto now = needs_.clock.now();
  for (const auto& [user, clients] : by_user_)
    for (auto* client : clients)
      if (client->principal().expires <= now) client->close(4401, "the session has expired");
}

void Hub::close_all() {
  for (const auto& [user, clients] : by_user_)
    for (auto* client : clients) client->close(1001, "the server is stopping");
}

}  // namespace croft::visualisation

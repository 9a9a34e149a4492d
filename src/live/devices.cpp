// Keeps what is known of every device right now.
// SPDX-License-Identifier: Apache-2.0
#include "live/devices.hpp"

#include <algorithm>

#include "base/log.hpp"
#include "protocol/command_codec.hpp"
#include "protocol/topics.hpp"
#include "protocol/update_codec.hpp"

namespace croft::live {

Devices::Devices(const DeviceDirectory& directory, Feed& feed, const Clock& clock)
    : directory_(directory), feed_(feed), clock_(clock) {
  subscriptions_.push_back(
      feed.reading_stored.subscribe([this](const ReadingStored& event) { on_reading(event); }));
  subscriptions_.push_back(feed.device_removed.subscribe(
      [this](const DeviceRemoved& event) { known_.erase(event.device.id.str()); }));
}

void Devices::listen(mqtt::Client& client) {
  using protocol::Kind;
  client.subscribe(std::string(protocol::filter(Kind::status)), 1,
                   [this](mqtt::Delivery delivery) { on_status(std::move(delivery)); });
  client.subscribe(std::string(protocol::filter(Kind::state)), 1,
                   [this](mqtt::Delivery delivery) { on_state(std::move(delivery)); });
  client.subscribe(std::string(protocol::filter(Kind::firmware)), 1,
                   [this](mqtt::Delivery delivery) { on_firmware(std::move(delivery)); });
}

const DeviceNow& Devices::now(const DeviceId& device) const {
  static const DeviceNow kNothing;
  const auto found = known_.find(device.str());
  return found == known_.end() ? kNothing : found->second;
}

// Only devices that exist have an entry, so strangers cannot fill the memory.
DeviceNow* Devices::entry(std::string_view device) {
  if (directory_.find(device) == nullptr) return nullptr;
  return &known_[std::string(device)];
}

void Devices::seen(const DeviceId& device) {
  if (auto* known = entry(device.str())) heard_of(device, *known);
}

void Devices::heard_of(const DeviceId& device, DeviceNow& known) {
  known.last_seen = clock_.now();
  if (known.says_status || known.online) return;
  known.online = true;
  feed_.device_changed.publish({device, true});
}

Task<void> Devices::run() {
  for (;;) {
    co_await sleep_for(Seconds(10));
    notice_silence();
  }
}

void Devices::notice_silence() {
  const auto limit = clock_.now() - kSilence;
  std::vector<DeviceId> silent;
  for (auto& [id, known] : known_)
    if (known.online && !known.says_status && known.last_seen < limit) {
      known.online = false;
      silent.emplace_back(id);
    }
  for (const auto& device : silent) feed_.device_changed.publish({device});
}

// Status and state are facts to remember, not to store: the broker keeps them (retained), so they
// are acknowledged at once.
void Devices::on_status(mqtt::Delivery delivery) {
  delivery.acknowledge();
  const auto topic = protocol::parse_topic(delivery.topic());
  if (!topic) return;
  auto* known = entry(topic->device);
  if (known == nullptr) return;
  const bool online = delivery.payload() == protocol::kOnline;
  if (!online && delivery.payload() != protocol::kOffline) return;
  // A retained status is old news: it says what is, not that the node spoke just now.
  if (!delivery.retained()) known->last_seen = clock_.now();
  known->says_status = true;
  known->online = online;
  feed_.device_changed.publish({DeviceId(topic->device), online});
}

void Devices::on_state(mqtt::Delivery delivery) {
  delivery.acknowledge();
  const auto topic = protocol::parse_topic(delivery.topic());
  if (!topic) return;
  auto* known = entry(topic->device);
  if (known == nullptr || delivery.payload().empty()) return;
  protocol::ActuatorState state;
  if (!protocol::decode_state(delivery.payload(), state)) {
    log::debug("live", "a device reported a state that cannot be read",
               {{"device", topic->device}});
    return;
  }
  if (!delivery.retained()) known->last_seen = clock_.now();
  known->state.clear();
  for (const auto& actuator : state)
    known->state[std::string(actuator.actuator.view())] = actuator.on ? "on" : "off";
  feed_.device_changed.publish({DeviceId(topic->device)});
}

void Devices::on_firmware(mqtt::Delivery delivery) {
  delivery.acknowledge();
  const auto topic = protocol::parse_topic(delivery.topic());
  if (!topic) return;
  auto* known = entry(topic->device);
  if (known == nullptr || delivery.payload().empty()) return;
  protocol::FirmwareReport report;
  if (!protocol::decode_firmware(delivery.payload(), report)) {
    log::debug("live", "a device reported a firmware that cannot be read",
               {{"device", topic->device}});
    return;
  }
  if (!delivery.retained()) known->last_seen = clock_.now();
  known->firmware = FirmwareNow{std::string(report.version.view()),
                                std::string(report.board.view()),
                                std::string(to_string(report.state)),
                                std::string(report.update.view()),
                                report.offset,
                                std::string(report.reason.view())};
  feed_.device_changed.publish({DeviceId(topic->device)});
}

void Devices::on_reading(const ReadingStored& event) {
  remember(event.reading);
  seen(event.reading.device);
}

// Each measurement keeps its newest value; a late reading never overwrites a newer one.
void Devices::remember(const Reading& reading) {
  auto* known = entry(reading.device.str());
  if (known == nullptr) return;
  const bool newest = !known->values_time || reading.time >= *known->values_time;
  for (const auto& measurement : reading.values) {
    const auto same = std::find_if(known->values.begin(), known->values.end(),
                                   [&](const auto& have) { return have.name == measurement.name; });
    if (same == known->values.end())
      known->values.push_back(measurement);
    else if (newest)
      same->value = measurement.value;
  }
  if (newest) known->values_time = reading.time;
  if (!known->last_seen || reading.received > *known->last_seen)
    known->last_seen = reading.received;
}

std::vector<Reading> Devices::latest() const {
  std::vector<Reading> readings;
  for (const auto& [id, known] : known_)
    if (known.values_time)
      readings.push_back({DeviceId(id), *known.values_time,
                          known.last_seen.value_or(*known.values_time), false, known.values});
  return readings;
}

}  // namespace croft::live

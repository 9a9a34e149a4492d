// From batches to the feed and to keepers.
// SPDX-License-Identifier: Apache-2.0
#include "relay/reading_sink.hpp"

#include <algorithm>
#include <boost/asio/post.hpp>
#include <utility>
#include <vector>

#include "base/json.hpp"
#include "base/log.hpp"
#include "relay/reading_batch.hpp"
#include "relay/topics.hpp"

namespace croft::relay {
namespace {

std::vector<Reading> readings_in(const mqtt::Delivery& delivery) {
  auto readings = decode_readings(delivery.payload());
  if (!readings)
    log::error("relay", "what the data service hands over cannot be read; is it another version?");
  return std::move(readings).value_or(std::vector<Reading>{});
}

}  // namespace

ReadingSink::ReadingSink(Needs needs, Wants wants) : needs_(std::move(needs)) {
  needs_.mqtt.subscribe(std::string(kLive), 0, [this](mqtt::Delivery delivery) {
    for (auto& reading : readings_in(delivery))
      needs_.feed.reading_stored.publish({std::move(reading)});
    delivery.acknowledge();
  });
  if (wants.latest) {
    needs_.mqtt.subscribe(std::string(kLatest), 1, [this](mqtt::Delivery delivery) {
      for (const auto& reading : readings_in(delivery)) needs_.devices.remember(reading);
      delivery.acknowledge();
    });
    needs_.mqtt.on_connected([this](bool) { ask(kAskLatest); });
  }
  if (!wants.keep) return;
  needs_.mqtt.subscribe(std::string(kKeep), 1,
                        [this](mqtt::Delivery delivery) { give_to_keepers(std::move(delivery)); });
  needs_.mqtt.subscribe(std::string(kQuestions), 1, [this](mqtt::Delivery delivery) {
    if (delivery.payload() == kAskWatched) tell_watched();
    delivery.acknowledge();
  });
  needs_.mqtt.on_connected([this](bool) { tell_watched(); });
  subscription_ = needs_.feed.keepers_changed.subscribe(
      [this](const live::KeepersChanged&) { tell_watched_soon(); });
}

void ReadingSink::ask(std::string_view question) {
  needs_.mqtt.post({question_topic(needs_.self), std::string(question)});
}

// The last keeper to be done acknowledges.
void ReadingSink::give_to_keepers(mqtt::Delivery delivery) {
  const auto readings = readings_in(delivery);
  struct Waiting {
    mqtt::Delivery delivery;
    std::size_t keepers = 1;  // we ourselves, as long as we are handing on
  };
  const auto waiting = std::make_shared<Waiting>(Waiting{std::move(delivery)});
  const auto kept = [waiting] {
    if (--waiting->keepers == 0) waiting->delivery.acknowledge();
  };
  for (auto at = readings.begin(); at != readings.end();) {
    const auto device = at->device;
    const auto end = std::find_if(at, readings.end(),
                                  [&](const Reading& reading) { return reading.device != device; });
    const std::vector<Reading> of_device(at, end);
    for (const auto& keeper : needs_.feed.keepers) {
      if (!keeper.wants(device)) continue;
      ++waiting->keepers;
      keeper.keep(of_device, kept);
    }
    at = end;
  }
  kept();
}

void ReadingSink::tell_watched() {
  JsonWriter json;
  json.begin_object().key("devices").begin_array();
  needs_.directory.each([&](const DeviceEntry& device) {
    const bool wanted = std::ranges::any_of(
        needs_.feed.keepers, [&](const live::Keeper& keeper) { return keeper.wants(device.id); });
    if (wanted) json.value(device.id.str());
  });
  json.end_array().end_object();
  needs_.mqtt.post({std::string(kWatched), std::move(json).str()});
}

void ReadingSink::tell_watched_soon() {
  if (std::exchange(telling_, true)) return;
  asio::post(needs_.mqtt.executor(), [this] {
    telling_ = false;
    tell_watched();
  });
}

}  // namespace croft::relay

// From stored readings to batches.
// SPDX-License-Identifier: Apache-2.0
#include "relay/reading_source.hpp"

#include <boost/asio/post.hpp>
#include <utility>

#include "base/json.hpp"
#include "base/log.hpp"
#include "relay/topics.hpp"

namespace croft::relay {
namespace {

// Readings older than this are judged late and fire nothing (rules::kLateAfter), so a keeper that
// was away as long need not have them.
constexpr std::chrono::seconds kWorthJudging{300};
constexpr std::chrono::seconds kTryAgain{1};
constexpr std::size_t kMostDevices = 1'000'000;

}  // namespace

ReadingSource::ReadingSource(const Needs& needs, bool keeps)
    : needs_(needs),
      unshown_(needs.metrics.counter("relay_readings_unshown_total",
                                     "Batches of readings that no live view was told of, because "
                                     "the broker was away or behind.")) {
  subscription_ = needs.feed.reading_stored.subscribe(
      [this](const live::ReadingStored& event) { show(event.reading); });
  needs.mqtt.subscribe(std::string(kQuestions), 1, [this](mqtt::Delivery delivery) {
    if (delivery.payload() == kAskLatest) tell_latest();
    delivery.acknowledge();
  });
  needs.mqtt.on_connected([this](bool) { tell_latest(); });
  if (!keeps) return;
  needs.feed.keepers.push_back(
      {[this](const DeviceId& device) { return !watched_ || watched_->contains(device.str()); },
       [this](std::vector<Reading> readings, std::function<void()> kept) {
         keep(std::move(readings), std::move(kept));
       }});
  needs.mqtt.subscribe(std::string(kWatched), 1, [this](mqtt::Delivery delivery) {
    hear_watched(delivery.payload());
    delivery.acknowledge();
  });
  needs.mqtt.on_connected(
      [this](bool) { needs_.mqtt.post({question_topic("data"), std::string(kAskWatched)}); });
}

void ReadingSource::show(const Reading& reading) {
  live_.add(reading);
  if (live_.bytes() >= kPieceBytes) flush();
  flush_soon();
}

void ReadingSource::keep(std::vector<Reading> readings, std::function<void()> kept) {
  for (const auto& reading : readings) {
    to_keep_.add(reading);
    if (to_keep_.bytes() >= kPieceBytes && &reading != &readings.back()) send_kept();
  }
  kept_.push_back(std::move(kept));
  if (to_keep_.bytes() >= kPieceBytes) send_kept();
  flush_soon();
}

// A commit lets many messages go on in one turn of the loop: their readings travel together.
void ReadingSource::flush_soon() {
  if (std::exchange(flushing_, true)) return;
  asio::post(needs_.mqtt.executor(), [this] {
    flushing_ = false;
    flush();
  });
}

void ReadingSource::flush() {
  if (!live_.empty()) {
    mqtt::Message message{std::string(kLive), live_.take()};
    message.qos = 0;
    const bool told = needs_.outlet.connected() && needs_.outlet.post(std::move(message));
    if (!told) unshown_.add();
  }
  if (!to_keep_.empty() || !kept_.empty()) send_kept();
}

void ReadingSource::send_kept() {
  spawn(needs_.mqtt.executor(), "relay", send(to_keep_.take(), std::exchange(kept_, {})));
}

// The last piece of a message's readings carries its `kept`, and the broker takes pieces in order.
Task<void> ReadingSource::send(std::string payload, Kept kept) {
  while (!stopping_) {
    mqtt::Message message{std::string(kKeep), payload};
    message.expiry = kWorthJudging;
    const auto reach = co_await needs_.outlet.publish(std::move(message));
    if (reach) {
      for (const auto& done : kept) done();
      co_return;
    }
    if (stopping_) co_return;
    log::warning("relay", "readings cannot be handed to the command service; trying again",
                 {{"error", reach.error().message}});
    co_await sleep_for(kTryAgain);
  }
}

void ReadingSource::hear_watched(std::string_view payload) {
  JsonFields in(payload);
  const auto devices = in.texts("devices", kMostDevices);
  if (in.error()) {
    log::error("relay", "what the command service wants cannot be read; is it another version?");
    return;
  }
  watched_.emplace(devices.begin(), devices.end());
}

void ReadingSource::tell_latest() {
  ReadingBatch batch;
  const auto tell = [&] { needs_.mqtt.post({std::string(kLatest), batch.take()}); };
  for (const auto& reading : needs_.devices.latest()) {
    batch.add(reading);
    if (batch.bytes() >= kPieceBytes) tell();
  }
  if (!batch.empty()) tell();
}

}  // namespace croft::relay

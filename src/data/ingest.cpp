// The journey of one message, and the small decisions on its way.
// SPDX-License-Identifier: Apache-2.0
#include "data/ingest.hpp"

#include <algorithm>

#include "base/failpoint.hpp"
#include "base/json.hpp"
#include "protocol/topics.hpp"

namespace croft::data {
namespace {

constexpr std::string_view kGuardReports = "croft/v1/+/refused";
constexpr std::string_view kTooManyNames = "tooManyNames";
constexpr std::string_view kBehind = "behind";
constexpr std::chrono::minutes kMostAhead{5};
const Instant kEarliest = std::chrono::sys_days(std::chrono::January / 1 / 2020);

// "croft/v1/<device>/..." -> "<device>", valid or not.
std::string_view device_in(std::string_view topic) {
  topic.remove_prefix(std::min(topic.size(), protocol::kTopicPrefix.size()));
  return topic.substr(0, topic.find('/')).substr(0, protocol::kMaxDeviceIdBytes);
}

bool has_identity(const protocol::ReadingView& view) {
  return view.time_ms.has_value() || (view.boot && view.seq);
}

croft::Measurement measurement(const protocol::Measurement& from) {
  if (from.is_boolean) return {std::string(from.name), from.number != 0};
  return {std::string(from.name), from.number};
}

}  // namespace

Moment judge_time(std::optional<std::int64_t> time_ms, Instant received) {
  if (!time_ms) return {received, true};
  const Instant claimed = instant_from_ms(*time_ms);
  if (claimed < kEarliest || claimed > received + kMostAhead) return {received, true};
  return {claimed, false};
}

Ingest::Ingest(Needs needs)
    : needs_(needs),
      dropped_(needs.metrics.counter("data_dropped_total",
                                     "QoS 0 messages dropped because the store was behind.")),
      acks_(needs.mqtt, needs.metrics) {}

// The journey of a message. Only its last line takes it off the broker's hands, so whatever breaks
// before lets it come again, and coming again is harmless. Readings that others must do something
// about (triggers judge them) are handed on, and the message waits for those to say that they have.
Journey Ingest::journey(DeviceId device, mqtt::Delivery delivery, Instant received) {
  CROFT_FAILPOINT("received");
  if (!needs_.writer.has_room()) co_await needs_.writer.room();
  if (!needs_.writer.has_room()) co_return;  // the writer has given up
  const auto share = append_readings(device, delivery, received);
  if (share) {
    CROFT_FAILPOINT("appended");
    co_await share->ended();
    if (!share->batch->committed) co_return;
    auto to_keep = readings_to_keep(device, *share);
    tell_live_view(device, *share);
    CROFT_FAILPOINT("told");
    send_acks(device, *share);
    CROFT_FAILPOINT("acknowledged to the node");
    refuse_rest(device, delivery, *share, received);
    if (!to_keep.empty()) {
      give_to_keepers(device, std::move(to_keep), std::move(delivery));
      co_return;
    }
  }
  delivery.acknowledge();
  CROFT_FAILPOINT("acknowledged");
}

void Ingest::subscribe(const std::vector<Source>& sources) {
  needs_.mqtt.subscribe(std::string(protocol::filter(protocol::Kind::telemetry)), 1,
                        [this](mqtt::Delivery delivery) {
                          DeviceId device(device_in(delivery.topic()));
                          receive(std::move(device), std::move(delivery));
                        });
  for (const auto& [topic, device] : sources)
    needs_.mqtt.subscribe(topic, 1, [this, device](mqtt::Delivery delivery) {
      receive(device, std::move(delivery));
    });
  needs_.mqtt.subscribe(std::string(kGuardReports), 1, [this](mqtt::Delivery delivery) {
    on_guard_report(delivery);
    delivery.acknowledge();
  });
}

void Ingest::receive(DeviceId device, mqtt::Delivery delivery) {
  if (closed_) return;
  if (delivery.qos() == 0 && !needs_.writer.has_room()) {
    dropped_.add();
    needs_.refusals.note(device.str(), needs_.clock.now(), kBehind,
                         "sent with QoS 0, and the store was behind", delivery.payload());
    complaint_.write(log::Level::warning, "data",
                     "messages of QoS 0 are dropped because the store is behind; check its disk");
    return;
  }
  journey(std::move(device), std::move(delivery), needs_.clock.now());
}

// Decodes the message and gives its readings to the writer; nothing when it was refused.
std::optional<Share> Ingest::append_readings(const DeviceId& device, const mqtt::Delivery& delivery,
                                             Instant received) {
  if (needs_.directory.find(device) == nullptr) {
    refuse(device, delivery, received, "unknownDevice", "no such device");
    return std::nullopt;
  }
  protocol::ReadingDecoder decoder(delivery.payload());
  if (!decoder.outcome()) {
    const auto& [refusal, offset] = decoder.outcome();
    refuse(device, delivery, received, protocol::to_string(refusal),
           "at byte " + std::to_string(offset));
    return std::nullopt;
  }
  Share share = needs_.writer.begin();
  std::size_t left_out = 0;
  while (const auto* reading = decoder.next()) {
    // The broker gives a retained message again at each start: as a new reading each time.
    if (delivery.retained() && !has_identity(*reading))
      ++left_out;
    else
      needs_.writer.add(share, arrival(device, *reading, received));
  }
  if (left_out > 0)
    refuse(device, delivery, received, "retained", "retained, but without time or boot and seq");
  if (share.count == 0) return std::nullopt;
  return share;
}

Arrival Ingest::arrival(const DeviceId& device, const protocol::ReadingView& view,
                        Instant received) const {
  const auto [time, server_time] = judge_time(view.time_ms, received);
  Arrival arrival{{device, time, received, server_time, {}}, std::nullopt};
  arrival.reading.values.reserve(view.count);
  for (const auto& value : view) arrival.reading.values.push_back(measurement(value));
  if (view.boot && view.seq) arrival.sequence = Sequence{*view.boot, *view.seq};
  return arrival;
}

// What is stored, now or before: a message comes again when its keepers did not come to an end.
std::vector<Reading> Ingest::readings_to_keep(const DeviceId& device, const Share& share) const {
  std::vector<Reading> readings;
  const auto wants = [&](const live::Keeper& keeper) { return keeper.wants(device); };
  if (std::ranges::none_of(needs_.feed.keepers, wants)) return readings;
  for (const auto& arrival : share.arrivals())
    if (arrival.fate != Fate::too_many_names) readings.push_back(arrival.reading);
  return readings;
}

// The last of the keepers to be done acknowledges.
void Ingest::give_to_keepers(const DeviceId& device, std::vector<Reading> readings,
                             mqtt::Delivery delivery) {
  struct Waiting {
    mqtt::Delivery delivery;
    std::size_t keepers = 1;  // we ourselves, as long as we are handing on
  };
  const auto waiting = std::make_shared<Waiting>(Waiting{std::move(delivery)});
  const auto kept = [waiting] {
    if (--waiting->keepers == 0) waiting->delivery.acknowledge();
  };
  for (const auto& keeper : needs_.feed.keepers) {
    if (!keeper.wants(device)) continue;
    ++waiting->keepers;
    keeper.keep(readings, kept);
  }
  kept();
}

// In the order of arrival; a reading that came again is old news.
void Ingest::tell_live_view(const DeviceId& device, const Share& share) {
  bool told = false;
  for (auto& arrival : share.arrivals()) {
    if (arrival.fate != Fate::stored) continue;
    told = true;
    try {
      needs_.feed.reading_stored.publish({std::move(arrival.reading)});
    } catch (const std::exception& error) {
      // It is stored: whoever cannot bear to hear of it must not keep it from being acknowledged.
      complaint_.write(log::Level::error, "data", "a listener failed on a stored reading",
                       {{"error", error.what()}});
    }
  }
  if (!told) needs_.devices.seen(device);
}

// The first message of a boot in the batch speaks for all of them.
void Ingest::send_acks(const DeviceId& device, const Share& share) {
  const auto& told = share.batch->ranges;
  auto at = std::ranges::lower_bound(told, share.first, {}, &StoredRanges::arrival);
  for (; at != told.end() && at->arrival < share.first + share.count; ++at)
    acks_.tell(device, at->boot, at->ranges);
}

void Ingest::refuse_rest(const DeviceId& device, const mqtt::Delivery& delivery, const Share& share,
                         Instant received) {
  const auto refused = std::ranges::count(share.arrivals(), Fate::too_many_names, &Arrival::fate);
  if (refused == 0) return;
  refuse(device, delivery, received, kTooManyNames,
         std::to_string(refused) + " of " + std::to_string(share.count) +
             " readings: the device has used " + std::to_string(BatchStore::kMostNamesOfDevice) +
             " different measurement names");
}

void Ingest::refuse(const DeviceId& device, const mqtt::Delivery& delivery, Instant received,
                    std::string_view reason, std::string detail) {
  needs_.devices.seen(device);
  needs_.refusals.note(device.str(), received, reason, std::move(detail), delivery.payload());
}

// {"reason","topic","bytes"}: the broker's guard denied a publish, or a log-in (without a topic),
// of this device.
void Ingest::on_guard_report(const mqtt::Delivery& delivery) {
  JsonFields report(delivery.payload());
  const auto reason = report.optional_text("reason", {1, 64}).value_or("");
  const auto topic = report.optional_text("topic", {1, 1024});
  const auto bytes = static_cast<std::int64_t>(report.optional_number("bytes").value_or(0));
  const auto detail =
      topic ? "the broker refused a publish of " + std::to_string(bytes) + " bytes to " + *topic
            : std::string("the broker refused a log-in");
  needs_.refusals.note(device_in(delivery.topic()), needs_.clock.now(),
                       protocol::is_name(reason) ? reason : "denied", detail, "");
}

}  // namespace croft::data

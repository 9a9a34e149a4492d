// The journey of one message, and the small decisions on its way.
// SPDX-License-Identifier: Apache-2.0
#include "data/ingest.hpp"

#include <algorithm>
#include <boost/asio/post.hpp>

#include "base/json.hpp"
#include "protocol/ack_codec.hpp"
#include "protocol/topics.hpp"

namespace croft::data {
namespace {

constexpr std::string_view kGuardReports = "croft/v1/+/refused";
constexpr std::string_view kTooManyNames = "tooManyNames";
constexpr std::chrono::minutes kMostAhead{5};
const Instant kEarliest = std::chrono::sys_days(std::chrono::January / 1 / 2020);

// "croft/v1/<device>/..." -> "<device>", valid or not.
std::string_view device_in(std::string_view topic) {
  topic.remove_prefix(std::min(topic.size(), protocol::kTopicPrefix.size()));
  return topic.substr(0, topic.find('/')).substr(0, protocol::kMaxDeviceIdBytes);
}

void log_failure(const std::exception_ptr& failure) {
  try {
    std::rethrow_exception(failure);
  } catch (const std::exception& error) {
    log::error("data", "the journey of a message broke; the broker will deliver it again",
               {{"error", error.what()}});
  }
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
      ended_(needs.loop),
      dropped_(needs.metrics.counter("data_dropped_total",
                                     "QoS 0 messages dropped because the store was behind.")),
      unsent_acks_(needs.metrics.counter("data_acks_unsent_total",
                                         "Acknowledgements to nodes that could not be queued.")) {}

// The journey of a message. Only its last line takes it off the broker's hands, so whatever breaks
// before lets it come again, and coming again is harmless.
Task<void> Ingest::journey(DeviceId device, mqtt::Delivery delivery, Instant received) {
  if (!needs_.writer.has_room()) co_await needs_.writer.room();
  if (needs_.writer.stopping()) co_return;
  auto readings = decode(device, delivery, received);
  if (!readings.empty()) {
    const Share share = needs_.writer.append(std::move(readings));
    co_await share.ended();
    if (!share.batch->committed) co_return;
    tell_live_view(device, share);
    send_acks(device, share);
    refuse_rest(device, delivery, share, received);
  }
  delivery.acknowledge();
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
    complaint_.write(log::Level::warning, "data",
                     "messages of QoS 0 are dropped because the store is behind; check its disk");
    return;
  }
  ++under_way_;
  asio::co_spawn(needs_.loop, journey(std::move(device), std::move(delivery), needs_.clock.now()),
                 [this](const std::exception_ptr& failure) {
                   --under_way_;
                   if (under_way_ == 0) ended_.raise();
                   if (failure) log_failure(failure);
                 });
}

Task<void> Ingest::close() {
  closed_ = true;
  // Journeys start in turn: behind them, each has given its readings to the writer.
  co_await asio::post(needs_.loop, asio::use_awaitable);
}

Task<void> Ingest::ended() {
  while (under_way_ > 0) co_await ended_.wait();
}

// The readings of a message without fault; of any other none, and it is noted as refused.
std::vector<Arrival> Ingest::decode(const DeviceId& device, const mqtt::Delivery& delivery,
                                    Instant received) {
  std::vector<Arrival> readings;
  if (needs_.directory.find(device) == nullptr) {
    refuse(device, delivery, received, "unknownDevice", "no such device");
    return readings;
  }
  protocol::ReadingDecoder decoder(delivery.payload());
  if (!decoder.outcome()) {
    const auto& [refusal, offset] = decoder.outcome();
    refuse(device, delivery, received, protocol::to_string(refusal),
           "at byte " + std::to_string(offset));
    return readings;
  }
  readings.reserve(decoder.size());
  while (const auto* reading = decoder.next()) {
    // The broker gives a retained message again at each start: as a new reading each time.
    if (delivery.retained() && !has_identity(*reading)) {
      refuse(device, delivery, received, "retained", "retained, but without time or boot and seq");
      return {};
    }
    readings.push_back(arrival(device, *reading, received));
  }
  return readings;
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
  for (; at != told.end() && at->arrival < share.first + share.count; ++at) {
    char topic[protocol::kMaxTopicBytes];
    const auto to =
        protocol::write_topic(device.str(), protocol::Kind::telemetry_ack, topic, sizeof topic);
    for (std::size_t i = 0; i < at->ranges.size(); i += protocol::kMaxAckRanges) {
      protocol::Ack ack(at->boot);
      ack.count = std::min(protocol::kMaxAckRanges, at->ranges.size() - i);
      std::copy_n(at->ranges.begin() + static_cast<std::ptrdiff_t>(i), ack.count, ack.ranges);
      char payload[protocol::kMaxAckBytes];
      const auto text = protocol::encode_ack(ack, payload, sizeof payload);
      mqtt::Message message{std::string(to), std::string(text)};
      if (!needs_.mqtt.post(std::move(message))) unsent_acks_.add();
    }
  }
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

// The journey of a reading: from the broker's hand into the store, and only then acknowledged.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "base/log.hpp"
#include "base/metrics.hpp"
#include "data/node_acks.hpp"
#include "data/refused.hpp"
#include "data/writer.hpp"
#include "live/devices.hpp"
#include "live/feed.hpp"
#include "model/device.hpp"
#include "mqtt/client.hpp"
#include "protocol/reading_codec.hpp"

namespace croft::data {

// A topic of somebody else's devices, mapped to one of ours: [[data.source]].
struct Source {
  std::string topic;
  DeviceId device;
};

// When it was measured, as far as the server believes the node's clock.
struct Moment {
  Instant time;
  bool server_time = false;
};
// Without a time, or with one more than five minutes ahead or before 2020, it is `received`.
Moment judge_time(std::optional<std::int64_t> time_ms, Instant received);

// On the loop.
class Ingest {
 public:
  struct Needs {
    mqtt::Client& mqtt;
    const DeviceDirectory& directory;
    live::Feed& feed;
    live::Devices& devices;
    const Clock& clock;
    Metrics& metrics;
    Writer& writer;
    Refusals& refusals;
  };
  explicit Ingest(Needs);

  void subscribe(const std::vector<Source>&);
  // Begins the journey of one message; what happens to it stands in its delivery.
  void receive(DeviceId device, mqtt::Delivery);
  // Takes no new message any more: they stay with the broker.
  void close() { closed_ = true; }
  // Waits until nodes have been told what is stored, or `limit`.
  Task<void> settle(std::chrono::milliseconds limit) { return acks_.settle(limit); }

 private:
  Journey journey(DeviceId device, mqtt::Delivery, Instant received);
  std::optional<Share> append_readings(const DeviceId&, const mqtt::Delivery&, Instant received);
  Arrival arrival(const DeviceId&, const protocol::ReadingView&, Instant received) const;
  std::vector<Reading> readings_to_keep(const DeviceId&, const Share&) const;
  void give_to_keepers(const DeviceId&, std::vector<Reading>, mqtt::Delivery);
  void tell_live_view(const DeviceId&, const Share&);
  void send_acks(const DeviceId&, const Share&);
  void refuse(const DeviceId&, const mqtt::Delivery&, Instant, std::string_view reason,
              std::string detail);
  void refuse_rest(const DeviceId&, const mqtt::Delivery&, const Share&, Instant);
  void on_guard_report(const mqtt::Delivery&);

  Needs needs_;
  bool closed_ = false;
  Counter dropped_;
  NodeAcks acks_;
  log::Throttle complaint_{10};
};

}  // namespace croft::data

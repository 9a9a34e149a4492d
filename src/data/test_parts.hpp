// For tests: readings by the handful, and deliveries without a broker.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "data/batch.hpp"
#include "data/migrations.hpp"
#include "db/test_breakable.hpp"
#include "http/router.hpp"
#include "model/principal.hpp"
#include "mqtt/delivery.hpp"
#include "mqtt/session.hpp"

namespace croft::data {

using db::BreakableDatabase;

const Instant kNoon = instant_from_ms(1'763'812'800'000);  // 2025-11-22T12:00:00Z

inline Reading reading(std::string device, Instant time, std::vector<Measurement> values) {
  return {DeviceId(std::move(device)), time, time + Milliseconds(7), false, std::move(values)};
}

inline Arrival arrival(std::string device, Instant time, double temperature) {
  return {reading(std::move(device), time, {{"temperature", temperature}}), std::nullopt};
}

inline Arrival numbered(std::string device, std::uint32_t boot, std::uint32_t seq, Instant time,
                        double temperature = 20) {
  auto made = arrival(std::move(device), time, temperature);
  made.sequence = Sequence{boot, seq};
  return made;
}

inline std::unique_ptr<db::Database> with_tables(std::unique_ptr<db::Database> database) {
  db::migrate(*database, "data", migrations());
  return database;
}

// Takes every caller for alice.
class AdmitAlice final : public http::Guard {
 public:
  Task<Result<>> admit(http::Request& request) override {
    Principal alice;
    alice.user = UserId("alice");
    request.caller = alice;
    co_return Result<>();
  }
};

// Hands out deliveries and remembers which were acknowledged.
class TestPost final : public mqtt::Acknowledger {
 public:
  static mqtt::Delivery delivery(const std::shared_ptr<TestPost>& post, std::string topic,
                                 std::string_view payload, int qos = 1, bool retained = false) {
    auto state = std::make_shared<mqtt::Delivery::State>();
    state->topic_bytes = topic.size();
    state->bytes = std::move(topic);
    state->bytes += payload;
    state->to = post;
    state->packet_id = ++post->last_;
    state->qos = static_cast<std::uint8_t>(qos);
    state->retained = retained;
    return mqtt::Delivery(std::move(state));
  }
  void acknowledge(std::uint32_t, std::uint16_t packet_id, int) override {
    acknowledged.push_back(packet_id);
  }

  std::vector<std::uint16_t> acknowledged;

 private:
  std::uint16_t last_ = 0;
};

}  // namespace croft::data

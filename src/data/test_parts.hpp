// For tests: readings by the handful, deliveries without a broker, and a database that breaks on
// request. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "data/batch.hpp"
#include "data/migrations.hpp"
#include "db/database.hpp"
#include "http/router.hpp"
#include "model/principal.hpp"
#include "mqtt/delivery.hpp"
#include "mqtt/session.hpp"

namespace croft::data {

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

// A real database that fails when it is told to.
class BreakableDatabase final : public db::Database {
 public:
  enum class Break {
    no,
    before,    // nothing happens
    half_way,  // the work is done and rolled back
    after,     // the work is committed, but nobody learns of it
  };

  explicit BreakableDatabase(std::unique_ptr<db::Database> real) : real_(std::move(real)) {
    db::migrate(*real_, "data", migrations());
  }
  ~BreakableDatabase() override {
    readers_.join();
    writer_.join();
  }
  // The next `times` writes fail.
  void break_writes(Break how, int times = 1) {
    how_ = how;
    times_ = times;
  }
  int failed() const { return failed_; }

  std::string_view clustered() const override { return real_->clustered(); }
  std::string_view by_time() const override { return real_->by_time(); }
  std::string_view bytes_type() const override { return real_->bytes_type(); }
  std::string_view text_type() const override { return real_->text_type(); }
  std::string_view engine() const override { return real_->engine(); }
  std::int64_t size_bytes() override { return real_->size_bytes(); }

 protected:
  asio::thread_pool& readers() override { return readers_; }
  asio::thread_pool& writer() override { return writer_; }
  void with_connection(Mode mode, const std::function<void(db::Connection&)>& work) override {
    if (mode == Mode::read) {
      real_->read_now([&](db::Connection& connection) { work(connection); });
      return;
    }
    const Break how = times_ > 0 ? how_.load() : Break::no;
    if (how != Break::no) {
      --times_;
      ++failed_;
    }
    if (how == Break::before) throw db::Broken("the disk is full");
    real_->write_now([&](db::Connection& connection) {
      work(connection);
      if (how == Break::half_way) throw db::Broken("the disk is full");
    });
    if (how == Break::after) throw db::Broken("the connection was lost", true);
  }

 private:
  std::unique_ptr<db::Database> real_;
  std::atomic<Break> how_ = Break::no;
  std::atomic<int> times_ = 0;
  std::atomic<int> failed_ = 0;
  asio::thread_pool readers_{2};
  asio::thread_pool writer_{1};
};

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

// Tests of the whole data service against a real Mosquitto and a real store.
// SPDX-License-Identifier: Apache-2.0
#include "data/data.hpp"

#include <gtest/gtest.h>

#include <boost/json.hpp>

#include "data/test_parts.hpp"
#include "db/sqlite.hpp"
#include "mqtt/test_broker.hpp"
#include "protocol/ack_codec.hpp"

namespace croft::data {
namespace {

using boost::json::value;

mqtt::Options options(const mqtt::TestBroker& broker, const char* id) {
  mqtt::Options options;
  options.port = broker.port();
  options.client_id = id;
  options.session_expiry = std::chrono::seconds(60);
  return options;
}

// One life of the service, from start() to drain().
struct Life {
  Life(asio::io_context& loop, const mqtt::TestBroker& broker, db::Database& database,
       const DeviceDirectory& directory, const Clock& clock)
      : client(loop.get_executor(), options(broker, "croft-data")),
        service({{{"/exp/sensor", DeviceId("d2")}}, {}, {}},
                {loop.get_executor(), database, client, directory, feed, devices, clock, metrics}),
        devices(directory, feed, clock) {
    router.set_guard(std::make_shared<AdmitAlice>());
    service.mount(router);
    service.start();
    spawn(loop.get_executor(), "test", client.run());
    spawn(loop.get_executor(), "test", service.run());
  }

  Metrics metrics;
  live::Feed feed;
  mqtt::Client client;
  http::Router router{metrics};
  Service service;
  live::Devices devices;
};

class DataTest : public testing::Test {
 protected:
  void SetUp() override {
    directory_.put({DeviceId("d1"), UserId("alice"), "Bed 1"});
    directory_.put({DeviceId("d2"), UserId("alice"), "Bed 2"});
    directory_.put({DeviceId("d3"), UserId("bob"), "Bed 3"});
    begin();
  }
  void begin() { life_ = std::make_unique<Life>(loop_, broker_, *database_, directory_, clock_); }
  // A node that publishes and writes down its acknowledgements.
  void start_node() {
    node_.subscribe("croft/v1/+/telemetry/ack", 1, [this](mqtt::Delivery delivery) {
      acks_.emplace_back(delivery.payload());
      delivery.acknowledge();
    });
    spawn(loop_.get_executor(), "test", node_.run());
  }
  Task<void> ready() {
    const bool service = co_await life_->client.ready(std::chrono::seconds(10));
    const bool node = co_await node_.ready(std::chrono::seconds(10));
    EXPECT_TRUE(service && node);
  }
  Task<void> publish(std::string topic, std::string payload) {
    const auto reached = co_await node_.publish({std::move(topic), std::move(payload)});
    EXPECT_TRUE(reached.has_value());
  }
  Task<void> stored(double count) {
    auto counter = life_->metrics.counter("data_readings_stored_total", "Readings stored.");
    const bool reached = co_await mqtt::eventually([&] { return counter.value() >= count; });
    EXPECT_TRUE(reached) << counter.value();
  }
  Task<http::Response> get(std::string path, http::Query query = {}, std::string accept = "") {
    http::Request request;
    request.path = request.target = std::move(path);
    request.query = std::move(query);
    if (!accept.empty()) request.headers.set("Accept", accept);
    co_return co_await life_->router.answer(request);
  }
  static http::Query query(std::initializer_list<std::pair<const std::string, std::string>> list) {
    http::Query query;
    query.values.insert(list);
    return query;
  }
  Task<value> json(std::string path, http::Query query = {}) {
    const auto response = co_await get(std::move(path), std::move(query));
    EXPECT_EQ(response.status, 200) << response.body;
    co_return boost::json::parse(response.body);
  }
  Task<int> status(std::string path, http::Query query = {}) {
    const auto response = co_await get(std::move(path), std::move(query));
    co_return response.status;
  }
  void play(Task<void> story) { mqtt::play(loop_, std::move(story)); }

  mqtt::TestBroker broker_;
  asio::io_context loop_;
  HandClock clock_{kNoon};
  DeviceDirectory directory_;
  mqtt::TestDirectory folder_;
  std::unique_ptr<db::Database> database_ = db::open_sqlite({.file = folder_.path() / "croft.db"});
  mqtt::Client node_{loop_.get_executor(), options(broker_, "node")};
  std::unique_ptr<Life> life_;
  std::vector<std::string> acks_;
};

TEST_F(DataTest, StoresWhatDevicesSendAndGivesItToTheirOwner) {
  start_node();
  play([&]() -> Task<void> {
    co_await ready();
    co_await publish("croft/v1/d1/telemetry", R"({"temperature":23.5,"time":1763812700})");
    co_await publish("/exp/sensor", R"({"soilMoisture":512,"time":1763812701})");
    co_await publish("croft/v1/d3/telemetry", R"({"temperature":1,"time":1763812702})");
    co_await publish("croft/v1/d4/telemetry", R"({"temperature":2})");
    co_await stored(3);
    const auto last = co_await get("/api/v1/data/last");
    EXPECT_EQ(last.body,
              R"({"readings":[{"device":"d2","time":"2025-11-22T11:58:21.000Z",)"
              R"("received":"2025-11-22T12:00:00.000Z","values":{"soilMoisture":512}},)"
              R"({"device":"d1","time":"2025-11-22T11:58:20.000Z",)"
              R"("received":"2025-11-22T12:00:00.000Z","values":{"temperature":23.5}}]})");
    const auto of_d1 = co_await json("/api/v1/data/last", query({{"device", "d1"}}));
    EXPECT_EQ(of_d1.at("readings").as_array().size(), 1U);
    EXPECT_EQ(life_->devices.now(DeviceId("d1")).values.size(), 1U);
  }());
}

TEST_F(DataTest, MarksAReadingWithoutATrustworthyTime) {
  start_node();
  play([&]() -> Task<void> {
    co_await ready();
    co_await publish("croft/v1/d1/telemetry", R"({"temperature":23.5,"time":12})");
    co_await stored(1);
    const auto all = co_await json("/api/v1/data/all");
    const auto& reading = all.at("readings").at(0);
    EXPECT_EQ(reading.at("clock"), "server");
    EXPECT_EQ(reading.at("time"), "2025-11-22T12:00:00.000Z");
  }());
}

TEST_F(DataTest, AcknowledgesNumberedReadingsOnceABootAndBatch) {
  start_node();
  play([&]() -> Task<void> {
    co_await ready();
    std::string array = "[";
    for (int i = 1; i <= 5; ++i)
      array += "{\"t\":1,\"boot\":17,\"seq\":" + std::to_string(i) + "},";
    co_await publish("croft/v1/d1/telemetry", array + R"({"t":1,"boot":17,"seq":7}])");
    const bool came = co_await mqtt::eventually([&] { return !acks_.empty(); });
    EXPECT_TRUE(came);
    EXPECT_EQ(acks_, std::vector<std::string>{R"({"boot":17,"seq":[[1,5],[7,7]]})"});
    // It comes again: the node did not hear.
    co_await publish("/exp/sensor", R"({"t":1,"boot":17,"seq":5})");
    co_await publish("croft/v1/d1/telemetry", R"({"t":1,"boot":17,"seq":5})");
    const bool again = co_await mqtt::eventually([&] { return acks_.size() == 3; });
    EXPECT_TRUE(again);
    EXPECT_EQ(acks_[1], R"({"boot":17,"seq":[[5,5]]})");  // of d2
    EXPECT_EQ(acks_[2], R"({"boot":17,"seq":[[1,5]]})");
  }());
}

TEST_F(DataTest, AcknowledgesManyGapsInSeveralMessages) {
  start_node();
  play([&]() -> Task<void> {
    co_await ready();
    std::string array = "[";
    for (int i = 0; i < 100; ++i)
      array += "{\"t\":1,\"boot\":1,\"seq\":" + std::to_string(2 * i) + "},";
    array.back() = ']';
    co_await publish("croft/v1/d1/telemetry", array);
    std::size_t ranges = 0;
    const bool came = co_await mqtt::eventually([&] { return acks_.size() == 2; });
    EXPECT_TRUE(came);
    for (const auto& text : acks_) {
      protocol::Ack ack;
      EXPECT_TRUE(protocol::decode_ack(text, ack));
      ranges += ack.count;
    }
    EXPECT_EQ(ranges, 100U);
  }());
}

TEST_F(DataTest, ShowsTheOwnerWhatWasRefused) {
  start_node();
  play([&]() -> Task<void> {
    co_await ready();
    co_await publish("croft/v1/d1/telemetry", R"({"t":NaN})");
    co_await publish("croft/v1/d1/refused", R"({"reason":"topic","topic":"secret/x","bytes":12})");
    co_await publish("croft/v1/d3/telemetry", "{");
    std::string text;
    for (int tries = 0; tries < 500 && text.find("secret/x") == text.npos; ++tries) {
      co_await sleep_for(std::chrono::milliseconds(10));
      const auto response = co_await get("/api/v1/data/refused");
      text = response.body;
    }
    EXPECT_NE(text.find(R"("reason":"badValue")"), text.npos) << text;
    EXPECT_NE(text.find(R"("payload":"{\"t\":NaN}")"), text.npos) << text;
    EXPECT_NE(text.find("the broker refused a publish of 12 bytes to secret/x"), text.npos) << text;
    EXPECT_EQ(text.find("d3"), text.npos);
  }());
}

TEST_F(DataTest, RemembersTheLatestValuesAfterARestart) {
  start_node();
  play([&]() -> Task<void> {
    co_await ready();
    co_await publish("croft/v1/d1/telemetry", R"({"a":1,"b":2,"time":1763812000})");
    co_await publish("croft/v1/d1/telemetry", R"({"a":3,"time":1763812001})");
    co_await stored(2);
    co_await life_->service.drain();
    life_->client.stop();
  }());
  begin();
  const auto& now = life_->devices.now(DeviceId("d1"));
  EXPECT_EQ(now.values, (std::vector<Measurement>{{"a", 3.0}, {"b", 2.0}}));
  EXPECT_EQ(now.values_time, instant_from_ms(1'763'812'001'000));
}

TEST_F(DataTest, StoresWhatCameWhileItWasAway) {
  start_node();
  play([&]() -> Task<void> {
    co_await ready();
    co_await life_->service.drain();
    life_->client.stop();
    for (int i = 0; i < 20; ++i)
      co_await publish("croft/v1/d1/telemetry",
                       "{\"t\":" + std::to_string(i) + ",\"time\":1763812000}");
  }());
  begin();
  play([&]() -> Task<void> {
    co_await stored(20);
    const auto all = co_await json("/api/v1/data/all");
    EXPECT_EQ(all.at("readings").as_array().size(), 20U);
  }());
}

TEST_F(DataTest, ForgetsARemovedDeviceAndItsReadings) {
  start_node();
  play([&]() -> Task<void> {
    co_await ready();
    for (int round = 0; round < 3; ++round) {
      std::string array = "[";
      for (int i = 0; i < 1000; ++i)
        array += "{\"t\":" + std::to_string(i) + ",\"time\":" + std::to_string(1763800000 + round) +
                 "},";
      array.back() = ']';
      co_await publish("croft/v1/d1/telemetry", array);
    }
    co_await publish("croft/v1/d1/telemetry", R"({"t":1,"boot":1,"seq":1})");
    co_await publish("croft/v1/d2/telemetry", R"({"t":1})");
    co_await stored(3002);
    directory_.remove(DeviceId("d1"));
    life_->feed.device_removed.publish({{DeviceId("d1"), UserId("alice"), "Bed 1"}});
    const int gone = co_await status("/api/v1/data/all", query({{"device", "d1"}}));
    EXPECT_EQ(gone, 404);
    const auto rows = [&](std::string_view sql) {
      return *database_->read_now([&](db::Connection& connection) {
        return connection.first(sql, {}, [](const db::Row& row) { return row.integer(0); });
      });
    };
    const bool deleted = co_await mqtt::eventually([&] {
      return rows("SELECT COUNT(*) FROM readings") == 1 &&
             rows("SELECT COUNT(*) FROM data_devices") == 1;
    });
    EXPECT_TRUE(deleted);
    EXPECT_EQ(rows("SELECT COUNT(*) FROM reading_sequences"), 0);
    EXPECT_EQ(rows("SELECT COUNT(*) FROM data_device_measurements"), 1);
    // A device of the same id starts with nothing.
    directory_.put({DeviceId("d1"), UserId("alice"), "Bed 1 again"});
    const auto empty = co_await json("/api/v1/data/all", query({{"device", "d1"}}));
    EXPECT_TRUE(empty.at("readings").as_array().empty());
  }());
}

TEST_F(DataTest, DeletesWhatBelongsToNobodyWhenToldTheDirectoryIsComplete) {
  start_node();
  play([&]() -> Task<void> {
    co_await ready();
    co_await publish("croft/v1/d1/telemetry", R"({"t":1})");
    co_await publish("croft/v1/d2/telemetry", R"({"t":1})");
    co_await stored(2);
    directory_.remove(DeviceId("d1"));  // and nobody was told
    const auto strangers = co_await life_->service.forget_strangers();
    EXPECT_EQ(strangers, 1U);
    const bool deleted = co_await mqtt::eventually([&] {
      return 1 == *database_->read_now([&](db::Connection& connection) {
        return connection.first("SELECT COUNT(*) FROM readings", {},
                                [](const db::Row& row) { return row.integer(0); });
      });
    });
    EXPECT_TRUE(deleted);
    const auto left = co_await life_->service.forget_strangers();
    EXPECT_EQ(left, 0U);
  }());
}

}  // namespace
}  // namespace croft::data

// Tests of what is known of devices right now.
// SPDX-License-Identifier: Apache-2.0
#include "live/devices.hpp"

#include <gtest/gtest.h>

#include "mqtt/test_broker.hpp"

namespace croft::live {
namespace {

using mqtt::eventually;
using mqtt::play;

const DeviceId kBed("bed-1");

class LiveDevices : public testing::Test {
 protected:
  LiveDevices() {
    directory_.put({kBed, UserId("alice"), "Bed"});
    changes_ = feed_.device_changed.subscribe([this](const DeviceChanged&) { ++changed_; });
  }
  Reading reading(double temperature, Instant time) {
    return {kBed, time, clock_.now(), false, {{"temperature", temperature}}};
  }

  HandClock clock_;
  DeviceDirectory directory_;
  Feed feed_;
  Devices devices_{directory_, feed_, clock_};
  std::shared_ptr<void> changes_;
  int changed_ = 0;
};

}  // namespace

TEST_F(LiveDevices, KeepTheNewestValueWhateverComesLate) {
  feed_.reading_stored.publish({reading(21, clock_.now())});
  feed_.reading_stored.publish({reading(5, clock_.now() - Seconds(60))});
  ASSERT_EQ(devices_.now(kBed).values.size(), 1U);
  EXPECT_EQ(std::get<double>(devices_.now(kBed).values[0].value), 21);
}

TEST_F(LiveDevices, WithoutAStatusAreOnlineWhileTheyAreHeardOf) {
  EXPECT_FALSE(devices_.now(kBed).online);
  feed_.reading_stored.publish({reading(21, clock_.now())});
  EXPECT_TRUE(devices_.now(kBed).online);
  EXPECT_EQ(changed_, 1);
  clock_.advance(Devices::kSilence);
  devices_.notice_silence();
  EXPECT_TRUE(devices_.now(kBed).online);
  clock_.advance(Seconds(1));
  devices_.notice_silence();
  EXPECT_FALSE(devices_.now(kBed).online);
  EXPECT_EQ(changed_, 2);
}

TEST_F(LiveDevices, RememberNothingOfStrangers) {
  feed_.reading_stored.publish(
      {{DeviceId("stranger"), clock_.now(), clock_.now(), false, {{"x", 1.0}}}});
  EXPECT_FALSE(devices_.now(DeviceId("stranger")).last_seen);
}

TEST_F(LiveDevices, BelieveTheirOwnStatusAndState) {
  const mqtt::TestBroker broker;
  asio::io_context loop;
  mqtt::Options options;
  options.port = broker.port();
  options.client_id = "platform";
  mqtt::Client client(loop.get_executor(), options);
  devices_.listen(client);
  spawn(loop.get_executor(), "client", client.run());
  play(loop, [&]() -> Task<void> {
    const bool ready = co_await client.ready(std::chrono::seconds(10));
    EXPECT_TRUE(ready);
    client.post({"croft/v1/bed-1/status", "online", 1, true, std::nullopt});
    client.post({"croft/v1/bed-1/state", R"({"led":"on"})", 1, true, std::nullopt});
    client.post({"croft/v1/bed-1/firmware",
                 R"({"version":"1.4.0","board":"nodemcuv2","state":"running"})", 1, true,
                 std::nullopt});
    client.post({"croft/v1/bed-1/firmware", R"({"version":"2"})", 1, false, std::nullopt});
    client.post({"croft/v1/bed-1/state", "{nonsense", 1, false, std::nullopt});
    client.post({"croft/v1/bed-1/status", "perhaps", 1, false, std::nullopt});
    const bool known = co_await eventually([&] { return !devices_.now(kBed).state.empty(); });
    EXPECT_TRUE(known);
    EXPECT_TRUE(devices_.now(kBed).online);
    EXPECT_EQ(devices_.now(kBed).state.at("led"), "on");
    EXPECT_EQ(devices_.now(kBed).firmware.value_or(FirmwareNow{}).version, "1.4.0");
    client.post({"croft/v1/bed-1/status", "offline", 1, true, std::nullopt});
    const bool gone = co_await eventually([&] { return !devices_.now(kBed).online; });
    EXPECT_TRUE(gone);
    feed_.reading_stored.publish({reading(21, clock_.now())});  // late, from the broker's queue
    EXPECT_FALSE(devices_.now(kBed).online);
    client.stop();
  }());
}

}  // namespace croft::live

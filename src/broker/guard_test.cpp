// Tests of the guard inside a real Mosquitto: what a device is allowed, and what it is answered.
// SPDX-License-Identifier: Apache-2.0
#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <poll.h>

#include "broker/test_house.hpp"

namespace croft::broker {
namespace {

using mqtt::eventually;
using mqtt::play;

std::string bytes(std::initializer_list<unsigned> values) {
  std::string text;
  for (const unsigned value : values) text.push_back(static_cast<char>(value));
  return text;
}

std::string with_length(std::string_view value) {
  return bytes(
             {static_cast<unsigned>(value.size() >> 8), static_cast<unsigned>(value.size() & 255)})
      .append(value);
}

std::string packet(unsigned first, const std::string& body) {
  std::string out = bytes({first});
  std::size_t size = body.size();
  do {
    out.push_back(static_cast<char>((size & 127) | (size > 127 ? 128 : 0)));
    size >>= 7;
  } while (size > 0);
  return out + body;
}

// A node that speaks raw bytes, so that the broker's very answers are seen. `version` is 4 for MQTT
// 3.1.1 and 5.
class Raw {
 public:
  Raw(std::uint16_t port, int version) : version_(version) {
    fd_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons(port);
    EXPECT_EQ(::connect(fd_, reinterpret_cast<sockaddr*>(&address), sizeof(address)), 0);
  }
  Raw(const Raw&) = delete;
  Raw& operator=(const Raw&) = delete;
  ~Raw() { ::close(fd_); }

  // The answers below are whole packets, "" when none came within half a second, "closed" at the
  // end.
  std::string connect(const std::string& id, const std::string& user, const std::string& password,
                      const std::string& will_topic = "") {
    const unsigned flags = 0x02u | (will_topic.empty() ? 0 : 0x04) | (user.empty() ? 0 : 0x80) |
                           (password.empty() ? 0 : 0x40);
    std::string body = with_length("MQTT") +
                       bytes({static_cast<unsigned>(version_), flags, 0, 60}) + properties() +
                       with_length(id);
    if (!will_topic.empty()) body += properties() + with_length(will_topic) + with_length("gone");
    if (!user.empty()) body += with_length(user);
    if (!password.empty()) body += with_length(password);
    send(packet(0x10, body));
    return answer();
  }
  std::string publish(const std::string& topic, const std::string& payload, int qos) {
    send(packet(qos > 0 ? 0x32 : 0x30,
                with_length(topic) + (qos > 0 ? bytes({0, 7}) : "") + properties() + payload));
    return answer();
  }
  std::string subscribe(const std::string& filter) {
    send(packet(0x82, bytes({0, 9}) + properties() + with_length(filter) + bytes({1})));
    return answer();
  }
  std::string answer() {
    pollfd wait{fd_, POLLIN, 0};
    if (::poll(&wait, 1, 500) == 0) return "";
    char buffer[4096];
    const ssize_t count = ::recv(fd_, buffer, sizeof(buffer), 0);
    return count <= 0 ? "closed" : std::string(buffer, static_cast<std::size_t>(count));
  }
  void send(const std::string& what) {
    EXPECT_EQ(::send(fd_, what.data(), what.size(), MSG_NOSIGNAL), ssize_t(what.size()));
  }

 private:
  std::string properties() const { return version_ == 5 ? std::string(1, '\0') : std::string(); }

  int version_;
  int fd_;
};

class GuardTest : public testing::Test {
 protected:
  GuardTest() {
    house_.start({{DeviceId("a"), secret_hash("a")},
                  {DeviceId("b"), secret_hash("b")},
                  {DeviceId("granted"), secret_hash("granted")}});
    house_.service->subscribe("croft/v1/+/refused", 1, [this](mqtt::Delivery delivery) {
      reports_.push_back(std::string(delivery.topic()) + " " + std::string(delivery.payload()));
      EXPECT_FALSE(delivery.retained());
      delivery.acknowledge();
    });
    for (const char* filter : {"croft/v1/+/telemetry", "croft/v1/+/command", "/exp/#", "a/#"}) {
      house_.service->subscribe(filter, 1, [this](mqtt::Delivery delivery) {
        heard_.emplace_back(delivery.topic());
        delivery.acknowledge();
      });
    }
    play(house_.loop, [this]() -> Task<void> { co_await house_.service->ready(seconds(5)); }());
  }

  // Lets the service account hear until `holds`.
  void turn(std::function<bool()> holds) {
    play(house_.loop, [&]() -> Task<void> { co_await eventually(holds, seconds(3)); }());
  }
  void expect_report(const std::string& report) {
    turn([&] { return std::find(reports_.begin(), reports_.end(), report) != reports_.end(); });
    EXPECT_NE(std::find(reports_.begin(), reports_.end(), report), reports_.end())
        << report << " is not among " << testing::PrintToString(reports_);
  }
  std::uint16_t port() const { return house_.broker.port(); }

  House house_;
  std::vector<std::string> reports_;
  std::vector<std::string> heard_;
};

const std::string kWelcome4 = bytes({0x20, 2, 0, 0});
const std::string kRefused4 = bytes({0x20, 2, 0, 5});

// The reason in a CONNACK, PUBACK, SUBACK or DISCONNECT of MQTT 5 as the broker sends them.
unsigned reason5(const std::string& answer) {
  if (answer.size() < 3) return 0;
  const unsigned type = static_cast<unsigned char>(answer[0]) >> 4;
  if (type == 2) return static_cast<unsigned char>(answer[3]);
  if (type == 4) return answer[1] == 2 ? 0u : static_cast<unsigned char>(answer[4]);
  if (type == 9) return static_cast<unsigned char>(answer.back());
  return static_cast<unsigned char>(answer[2]);
}

TEST_F(GuardTest, LetsADeviceInWithItsSecretAlone) {
  EXPECT_EQ(Raw(port(), 4).connect("a", "a", secret("a")), kWelcome4);
  EXPECT_EQ(reason5(Raw(port(), 5).connect("a", "a", secret("a"))), 0u);
  EXPECT_EQ(Raw(port(), 4).connect("a", "a", secret("b")), kRefused4);
  EXPECT_EQ(reason5(Raw(port(), 5).connect("a", "a", secret("b"))), 0x87u);
  expect_report(R"(croft/v1/a/refused {"reason":"badCredentials","access":"connect"})");
  EXPECT_EQ(Raw(port(), 4).connect("a", "", ""), kRefused4);
  EXPECT_EQ(Raw(port(), 4).connect("a", "+", secret("a")), kRefused4);
  EXPECT_EQ(Raw(port(), 4).connect("x", "nobody", secret("a")), kRefused4);
  EXPECT_EQ(Raw(port(), 4).connect("x", "croft", secret("a")), kRefused4);
  EXPECT_EQ(reports_.size(), 2u) << "of nobody nothing is told";
}

TEST_F(GuardTest, KeepsSessionsForTheirOwners) {
  Raw owner(port(), 4);
  EXPECT_EQ(owner.connect("b", "b", secret("b")), kWelcome4);
  EXPECT_EQ(Raw(port(), 4).connect("b", "a", secret("a")), kRefused4);
  EXPECT_EQ(reason5(Raw(port(), 5).connect("croft-test", "a", secret("a"))), 0x87u);
  expect_report(R"(croft/v1/a/refused {"reason":"clientIdNotAllowed","access":"connect"})");
  EXPECT_EQ(owner.answer(), "") << "still connected";
  EXPECT_TRUE(house_.service->connected());
}

TEST_F(GuardTest, SendsNoLastWillToAForeignTopic) {
  for (const int version : {4, 5}) {
    Raw node(port(), version);
    EXPECT_EQ(node.connect("a", "a", secret("a"), "croft/v1/b/command").substr(2, 2), bytes({0, 0}))
        << "the broker asks the guard when it would send the will, not before";
  }
  expect_report(
      R"(croft/v1/a/refused {"reason":"topicNotAllowed","access":"publish","topic":"croft/v1/b/command","bytes":4})");
  EXPECT_TRUE(heard_.empty());
}

TEST_F(GuardTest, TakesPublishesOnOwnTopicsAndTellsOfOthers) {
  Raw old(port(), 4);
  Raw modern(port(), 5);
  old.connect("a", "a", secret("a"));
  modern.connect("b", "b", secret("b"));
  EXPECT_EQ(old.publish("croft/v1/a/telemetry", "{}", 1), bytes({0x40, 2, 0, 7}));
  EXPECT_EQ(reason5(modern.publish("croft/v1/b/telemetry", "{}", 1)), 0u);
  turn([&] { return heard_.size() == 2; });
  EXPECT_EQ(heard_.size(), 2u);

  EXPECT_EQ(old.publish("croft/v1/b/telemetry", "{}", 1), bytes({0x40, 2, 0, 7}))
      << "3.1.1 has no word for a refusal";
  expect_report(
      R"(croft/v1/a/refused {"reason":"topicNotAllowed","access":"publish","topic":"croft/v1/b/telemetry","bytes":2})");
  EXPECT_EQ(reason5(modern.publish("croft/v1/a/telemetry", "{}", 1)), 0x87u);
  EXPECT_EQ(reason5(modern.publish("$CONTROL/croft/v1/devices", "remove a\n", 1)), 0x87u);
  EXPECT_EQ(old.publish("croft/v1/b/telemetry", "{}", 0), "");
  EXPECT_EQ(modern.publish("croft/v1/b/command", "{}", 0), "");
  const std::size_t before = reports_.size();
  EXPECT_EQ(reason5(modern.publish("a \"quoted\" topic", "{}", 1)), 0x87u);
  turn([&] { return reports_.size() >= before + 2; });
  expect_report(
      R"(croft/v1/b/refused {"reason":"topicNotAllowed","access":"publish","topic":"a \"quoted\" topic","bytes":2})");
  EXPECT_EQ(heard_.size(), 2u) << "nothing refused was delivered";
  EXPECT_EQ(reason5(modern.publish("croft/v1/b/telemetry", "{}", 1)), 0u) << "still connected";
}

TEST_F(GuardTest, TakesSixtyFourKilobytesAndNoMore) {
  Raw old(port(), 4);
  Raw modern(port(), 5);
  old.connect("a", "a", secret("a"));
  modern.connect("b", "b", secret("b"));
  EXPECT_EQ(reason5(modern.publish("croft/v1/b/telemetry", std::string(65536, 'x'), 1)), 0u);
  EXPECT_EQ(reason5(modern.publish("croft/v1/b/telemetry", std::string(65537, 'x'), 1)), 0x87u);
  EXPECT_EQ(old.publish("croft/v1/a/telemetry", std::string(65537, 'x'), 1),
            bytes({0x40, 2, 0, 7}));
  expect_report(
      R"(croft/v1/a/refused {"reason":"tooLarge","access":"publish","topic":"croft/v1/a/telemetry","bytes":65537})");
}

TEST_F(GuardTest, GivesADeviceItsOwnSubscriptionsOnly) {
  Raw old(port(), 4);
  Raw modern(port(), 5);
  old.connect("a", "a", secret("a"));
  modern.connect("b", "b", secret("b"));
  EXPECT_EQ(old.subscribe("croft/v1/a/command"), bytes({0x90, 3, 0, 9, 1}));
  EXPECT_EQ(reason5(modern.subscribe("croft/v1/b/telemetry/ack")), 1u);
  for (const char* filter : {"#", "croft/v1/+/command", "croft/v1/a/#", "$SYS/#", "$CONTROL/#",
                             "$share/g/croft/v1/b/command", "croft/v1/a/command"})
    EXPECT_EQ(reason5(modern.subscribe(filter)), 0x87u) << filter;
  EXPECT_EQ(old.subscribe("#"), bytes({0x90, 3, 0, 9, 0x80}));
  expect_report(
      R"(croft/v1/a/refused {"reason":"topicNotAllowed","access":"subscribe","topic":"#","bytes":0})");
}

TEST_F(GuardTest, DeliversACommandToItsDevice) {
  Raw node(port(), 4);
  node.connect("a", "a", secret("a"));
  node.subscribe("croft/v1/a/command");
  play(house_.loop, [&]() -> Task<void> {
    const auto reach = co_await house_.service->publish({"croft/v1/a/command", "on"});
    EXPECT_TRUE(reach.has_value());
  }());
  EXPECT_NE(node.answer().find("croft/v1/a/command"), std::string::npos);
}

TEST_F(GuardTest, LetsADeviceUseTheTopicsGrantedInTheConfiguration) {
  Raw node(port(), 5);
  node.connect("granted", "granted", secret("granted"));
  EXPECT_EQ(reason5(node.publish("/exp/sensor", "{}", 1)), 0u);
  EXPECT_EQ(reason5(node.publish("/other/sensor", "{}", 1)), 0x87u);
}

TEST_F(GuardTest, ClosesADeviceThatIsRemovedAndSaysSo) {
  Raw old(port(), 4);
  Raw modern(port(), 5);
  old.connect("a", "a", secret("a"));
  modern.connect("b", "b", secret("b"));
  play(house_.loop, [&]() -> Task<void> {
    co_await house_.credentials->remove(DeviceId("a"));
    co_await house_.credentials->remove(DeviceId("b"));
  }());
  EXPECT_EQ(old.answer(), "closed");
  EXPECT_EQ(reason5(modern.answer()), 0x98u);
}

TEST_F(GuardTest, ReportsNoMoreThanTenASecondForADevice) {
  Raw node(port(), 4);
  node.connect("a", "a", secret("a"));
  std::string flood;
  for (int i = 0; i < 500; ++i) flood += packet(0x30, with_length("x") + "y");
  node.send(flood);
  turn([&] { return !reports_.empty() && reports_.back().find("\"more\"") != std::string::npos; });
  ASSERT_GE(reports_.size(), 11u);
  EXPECT_LE(reports_.size(), 16u);
  EXPECT_NE(reports_.back().find("\"suppressed\":4"), std::string::npos) << reports_.back();
}

}  // namespace
}  // namespace croft::broker

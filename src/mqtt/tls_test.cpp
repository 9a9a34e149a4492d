// Tests of the client over TLS, against a real Mosquitto: bytes in bulk, broken connections, wrong
// certificates.
// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "mqtt/client.hpp"
#include "mqtt/test_broker.hpp"
#include "tls/provider.hpp"

namespace croft::mqtt {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

// A broker with a certificate of its own authority.
struct SecureBroker {
  SecureBroker() {
    const auto now = SystemClock().now();
    const auto authority = tls::provider().make_authority({"a test authority", {}, now});
    const auto server = tls::provider().make_server({"broker", {"DNS:localhost"}, now}, authority);
    write("ca.pem", authority.certificate);
    write("cert.pem", server.certificate);
    write("key.pem", server.key);
    broker = std::make_unique<TestBroker>(
        "allow_anonymous true\nmax_inflight_messages 1000\nlistener " + std::to_string(port) +
        " 127.0.0.1\ncertfile " + file("cert.pem") + "\nkeyfile " + file("key.pem") + "\n");
    for (int tries = 0; tries < 1000 && !listening(port); ++tries)
      std::this_thread::sleep_for(milliseconds(5));
  }
  std::string file(const std::string& name) const { return (directory.path() / name).string(); }
  void write(const std::string& name, const std::string& text) const {
    std::ofstream(file(name)) << text;
  }
  Options options(const std::string& id) const {
    Options options;
    options.host = "localhost";
    options.port = port;
    options.tls = true;
    options.ca_file = file("ca.pem");
    options.client_id = id;
    options.session_expiry = seconds(600);
    options.backoff_least = milliseconds(10);
    options.backoff_most = milliseconds(50);
    return options;
  }

  TestDirectory directory;
  std::uint16_t port = free_port();
  std::unique_ptr<TestBroker> broker;
};

TEST(MqttTls, CarriesBothSmallAndLargeMessagesWhole) {
  const SecureBroker secure;
  asio::io_context loop;
  Client client(loop.get_executor(), secure.options("both"));
  constexpr int kMessages = 3000;
  std::vector<std::string> heard;
  client.subscribe("t", 1, [&](Delivery delivery) {
    heard.emplace_back(delivery.payload());
    delivery.acknowledge();
  });
  const auto payload = [](int number) {  // from nothing to several TLS records
    return std::string(static_cast<std::size_t>(number % 50 == 0 ? 60'000 : number % 200),
                       static_cast<char>('a' + number % 26));
  };
  spawn(loop.get_executor(), "test", client.run());
  play(loop, [&]() -> Task<void> {
    const bool ready = co_await client.ready(seconds(10));
    EXPECT_TRUE(ready);
    for (int i = 0; i < kMessages; ++i) EXPECT_TRUE(client.post({"t", payload(i)}));
    const bool all = co_await eventually([&] { return heard.size() == kMessages; });
    EXPECT_TRUE(all) << heard.size();
  }());
  for (int i = 0; i < kMessages && i < static_cast<int>(heard.size()); ++i)
    ASSERT_EQ(heard[static_cast<std::size_t>(i)], payload(i)) << i;
}

TEST(MqttTls, ComesBackToABrokerThatWasKilled) {
  const SecureBroker secure;
  asio::io_context loop;
  Client client(loop.get_executor(), secure.options("again"));
  int connects = 0;
  client.on_connected([&](bool) { ++connects; });
  spawn(loop.get_executor(), "test", client.run());
  play(loop, [&]() -> Task<void> {
    co_await client.ready(seconds(10));
    secure.broker->end(SIGKILL);
    secure.broker->start();
    const bool back = co_await eventually([&] { return connects == 2; });
    EXPECT_TRUE(back);
    const auto reach = co_await client.publish({"t", "after it"});
    EXPECT_TRUE(reach.has_value());
  }());
}

TEST(MqttTls, LeavesInOrderSoThatNoWillIsSent) {
  const SecureBroker secure;
  asio::io_context loop;
  auto options = secure.options("leaver");
  options.will = Will{"will", "it was lost", 1, true};
  Client client(loop.get_executor(), options);
  Client watcher(loop.get_executor(), secure.options("watcher"));
  int wills = 0;
  watcher.subscribe("will", 1, [&](Delivery delivery) {
    ++wills;
    delivery.acknowledge();
  });
  spawn(loop.get_executor(), "test", watcher.run());
  bool left = false;
  auto life = [](Client& one, bool& over) -> Task<void> {
    co_await one.run();
    over = true;
  };
  spawn(loop.get_executor(), "test", life(client, left));
  play(loop, [&]() -> Task<void> {
    co_await watcher.ready(seconds(10));
    co_await client.ready(seconds(10));
    client.stop();
    const bool over = co_await eventually([&] { return left; }, seconds(5));
    EXPECT_TRUE(over);
    co_await sleep_for(milliseconds(200));
  }());
  EXPECT_EQ(wills, 0);
}

TEST(MqttTls, RefusesABrokerOfAnotherAuthorityOrName) {
  const SecureBroker secure;
  secure.write("other.pem",
               tls::provider().make_authority({"another", {}, SystemClock().now()}).certificate);
  for (const bool wrong_authority : {true, false}) {
    asio::io_context loop;
    auto options = secure.options("suspicious");
    if (wrong_authority)
      options.ca_file = secure.file("other.pem");
    else
      options.host = "127.0.0.1";  // the certificate is for localhost alone
    Client client(loop.get_executor(), options);
    spawn(loop.get_executor(), "test", client.run());
    play(loop, [&]() -> Task<void> {
      const bool ready = co_await client.ready(milliseconds(500));
      EXPECT_FALSE(ready);
    }());
  }
}

TEST(MqttTls, DoesNotHangOnABrokerWithoutTls) {
  const SecureBroker secure;
  asio::io_context loop;
  auto options = secure.options("mistaken");
  options.port = secure.broker->port();
  Client client(loop.get_executor(), options);
  spawn(loop.get_executor(), "test", client.run());
  play(loop, [&]() -> Task<void> {
    const bool ready = co_await client.ready(milliseconds(500));
    EXPECT_FALSE(ready);
    client.stop();
    co_await sleep_for(milliseconds(50));
  }());
}

}  // namespace
}  // namespace croft::mqtt

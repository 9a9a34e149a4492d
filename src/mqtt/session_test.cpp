// Tests of a client's life: dead and hostile peers, refusals, and every way to end.
// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>
#include <deque>

#include "mqtt/client.hpp"
#include "mqtt/packets.hpp"
#include "mqtt/test_broker.hpp"

namespace croft::mqtt {
namespace {

using asio::ip::tcp;
using std::chrono::milliseconds;
using std::chrono::seconds;
using std::chrono::steady_clock;

Options options_for(std::uint16_t port) {
  Options options;
  options.port = port;
  options.client_id = "one";
  options.backoff_least = options.backoff_most = milliseconds(20);
  return options;
}

// A peer that accepts one connection at a time and answers its CONNECT with the bytes it was given,
// then says nothing more.
class Peer {
 public:
  Peer(asio::io_context& loop, std::string answer)
      : acceptor_(loop, tcp::endpoint(asio::ip::address_v4::loopback(), 0)),
        answer_(std::move(answer)) {
    spawn(loop.get_executor(), "peer", serve());
  }
  std::uint16_t port() const { return acceptor_.local_endpoint().port(); }
  int connections() const { return static_cast<int>(open_.size()); }
  std::size_t received() const { return received_; }

 private:
  Task<void> serve() {
    for (;;) {
      tcp::socket accepted = co_await acceptor_.async_accept(asio::use_awaitable);
      open_.push_back(std::move(accepted));
      spawn(acceptor_.get_executor(), "peer", answer(open_.size() - 1));
    }
  }
  Task<void> answer(std::size_t which) {
    tcp::socket& socket = open_[which];
    char buffer[4096];
    const std::size_t count =
        co_await socket.async_read_some(asio::buffer(buffer), asio::use_awaitable);
    received_ += count;
    co_await asio::async_write(socket, asio::buffer(answer_), asio::use_awaitable);
  }

  tcp::acceptor acceptor_;
  std::string answer_;
  std::deque<tcp::socket> open_;
  std::size_t received_ = 0;
};

const std::string kWelcome("\x20\x03\x00\x00\x00", 5);

std::string first_loss(const std::string& answer, Options options = options_for(0)) {
  asio::io_context loop;
  Peer peer(loop, answer);
  options.port = peer.port();
  Client client(loop.get_executor(), options);
  std::string why;
  client.on_lost([&](std::string_view reason) {
    if (why.empty()) why = std::string(reason);
  });
  spawn(loop.get_executor(), "test", client.run());
  play(loop,
       [&]() -> Task<void> { co_await eventually([&] { return !why.empty(); }, seconds(5)); }());
  return why;
}

TEST(Session, NoticesASilentBrokerWithinOneAndAHalfKeepAlives) {
  Options options = options_for(0);
  options.keep_alive = seconds(1);
  const auto started = steady_clock::now();
  EXPECT_EQ(first_loss(kWelcome, options), "the broker has been silent for too long");
  const auto took = steady_clock::now() - started;
  EXPECT_GE(took, milliseconds(1400));
  EXPECT_LE(took, milliseconds(2500));
}

TEST(Session, StaysConnectedToAQuietBrokerByAsking) {
  TestBroker broker;
  asio::io_context loop;
  Options options = options_for(broker.port());
  options.keep_alive = seconds(1);
  Client client(loop.get_executor(), options);
  int losses = 0;
  client.on_lost([&](std::string_view) { ++losses; });
  spawn(loop.get_executor(), "test", client.run());
  play(loop, [&]() -> Task<void> {
    co_await client.ready(seconds(5));
    co_await sleep_for(milliseconds(3500));
  }());
  EXPECT_EQ(losses, 0);
  EXPECT_TRUE(client.connected());
}

TEST(Session, LeavesABrokerThatBreaksTheProtocol) {
  EXPECT_EQ(first_loss(kWelcome + kWelcome), "the broker sent CONNACK twice");
  EXPECT_EQ(first_loss(kWelcome + std::string("\x30\x80\x80\x80\x80", 5)),
            "the broker sent a malformed packet");
  EXPECT_EQ(first_loss(kWelcome + std::string("\x30\xff\xff\xff\x7f", 5)),
            "the broker sent a packet larger than we allow");
  EXPECT_EQ(first_loss(kWelcome + std::string("\xe0\x01\x8b", 3)), "server shutting down");
}

TEST(Session, DoesNotBelieveABrokerBeforeItsWelcome) {
  asio::io_context loop;
  Peer peer(loop, std::string("\x30\x04\x00\x01\x61\x00", 6));
  Client client(loop.get_executor(), options_for(peer.port()));
  int heard = 0;
  client.subscribe("#", 1, [&](Delivery) { ++heard; });
  spawn(loop.get_executor(), "test", client.run());
  play(loop, [&]() -> Task<void> {
    co_await eventually([&] { return peer.connections() > 2; }, seconds(5));
  }());
  EXPECT_EQ(heard, 0);
  EXPECT_GT(peer.connections(), 2);
}

TEST(Session, KeepsTryingSlowlyWhenItsCredentialsAreRefused) {
  asio::io_context loop;
  Peer peer(loop, std::string("\x20\x03\x00\x86\x00", 5));
  Options options = options_for(peer.port());
  options.backoff_least = milliseconds(1);
  options.backoff_most = milliseconds(400);
  Client client(loop.get_executor(), options);
  spawn(loop.get_executor(), "test", client.run());
  play(loop, [&]() -> Task<void> { co_await sleep_for(milliseconds(1500)); }());
  EXPECT_GE(peer.connections(), 3);
  EXPECT_LE(peer.connections(), 9);
}

TEST(Session, ReadsPacketsThatComeInPieces) {
  TestBroker broker;
  asio::io_context loop;
  Options options = options_for(broker.port());
  options.maximum_packet_bytes = 2 * 1024 * 1024;
  Client client(loop.get_executor(), options);
  std::vector<std::size_t> sizes;
  client.subscribe("a", 1, [&](Delivery delivery) {
    sizes.push_back(delivery.payload().size());
    EXPECT_EQ(delivery.payload().find_first_not_of('x'), std::string_view::npos);
    delivery.acknowledge();
  });
  const std::vector<std::size_t> sent = {10,      30'000, 32'768,    40'000, 65'530, 65'536,
                                         200'000, 1,      1'500'000, 0,      70'000};
  spawn(loop.get_executor(), "test", client.run());
  play(loop, [&]() -> Task<void> {
    co_await client.ready(seconds(5));
    for (const std::size_t size : sent) client.post({"a", std::string(size, 'x')});
    co_await eventually([&] { return sizes.size() == sent.size(); });
  }());
  EXPECT_EQ(sizes, sent);
}

TEST(Session, EndsSafelyWhileItRunsWaitsOrIsCalled) {
  TestBroker broker;
  asio::io_context loop;
  const auto make = [&](std::uint16_t port, std::string id) {
    Options options = options_for(port);
    options.client_id = std::move(id);
    auto client = std::make_unique<Client>(loop.get_executor(), options);
    spawn(loop.get_executor(), "test", client->run());
    return client;
  };
  const std::uint16_t nobody = free_port();
  auto connecting = make(broker.port(), "connecting");
  auto failing = make(nobody, "failing");
  auto connected = make(broker.port(), "connected");
  auto listening = make(broker.port(), "listening");
  auto stopping = make(broker.port(), "stopping");
  auto greeted = make(broker.port(), "greeted");
  bool ended_in_greeting = false;
  greeted->on_connected([&](bool) {
    greeted.reset();
    ended_in_greeting = true;
  });
  bool ended_in_handler = false;
  listening->subscribe("end", 1, [&](Delivery delivery) {
    listening.reset();
    delivery.acknowledge();
    ended_in_handler = true;
  });
  Result<Client::Reach> waiting = Client::Reach::subscribers;
  auto wait = [&]() -> Task<void> { waiting = co_await failing->publish({"a", "b"}); };
  spawn(loop.get_executor(), "test", wait());
  std::vector<Delivery> late;
  connected->subscribe("late", 1, [&](Delivery delivery) { late.push_back(std::move(delivery)); });
  play(loop, [&]() -> Task<void> {
    connecting.reset();
    co_await connected->ready(seconds(5));
    co_await connected->publish({"late", "x"});
    co_await connected->publish({"end", "x"});
    co_await eventually([&] { return ended_in_handler && ended_in_greeting && !late.empty(); });
    failing.reset();
    stopping->stop();
    stopping.reset();
    connected.reset();
    late[0].acknowledge();  // its client is gone
    co_await sleep_for(milliseconds(100));
  }());
  EXPECT_TRUE(ended_in_handler);
  EXPECT_TRUE(ended_in_greeting);
  EXPECT_EQ(waiting.error().code, Code::unavailable);
}

TEST(Session, StopsBeforeItRunsAndTwice) {
  asio::io_context loop;
  Client client(loop.get_executor(), options_for(free_port()));
  client.stop();
  client.stop();
  bool returned = false;
  play(loop, [&]() -> Task<void> {
    co_await client.run();
    returned = true;
    EXPECT_FALSE(client.post({"a", "b"}));
  }());
  EXPECT_TRUE(returned);
}

TEST(Session, EndsWithItsLoopThoughMessagesWait) {
  TestBroker broker;
  auto loop = std::make_unique<asio::io_context>();
  auto client = std::make_unique<Client>(loop->get_executor(), options_for(broker.port()));
  spawn(loop->get_executor(), "test", client->run());
  auto wait = [&]() -> Task<void> { co_await client->publish({"a", "b"}); };
  spawn(loop->get_executor(), "test", wait());
  loop->poll();
  client.reset();
  loop.reset();
  SUCCEED() << "a sanitizer would speak";
}

TEST(Session, FlushWaitsForWhatWasPostedAndNoLongerThanAsked) {
  TestBroker broker;
  asio::io_context loop;
  Client client(loop.get_executor(), options_for(broker.port()));
  Client nowhere(loop.get_executor(), options_for(free_port()));
  spawn(loop.get_executor(), "test", client.run());
  spawn(loop.get_executor(), "test", nowhere.run());
  play(loop, [&]() -> Task<void> {
    for (int i = 0; i < 100; ++i) client.post({"a", "b", 0});
    nowhere.post({"a", "b"});
    const auto started = steady_clock::now();
    co_await client.flush(seconds(5));
    EXPECT_LT(steady_clock::now() - started, seconds(2));
    EXPECT_TRUE(client.connected());
    co_await nowhere.flush(milliseconds(50));
    EXPECT_LT(steady_clock::now() - started, seconds(3));
  }());
}

TEST(Session, GetsAMessageAgainWhoseHandlerThrewWhenRunAgain) {
  TestBroker broker;
  asio::io_context loop;
  Options options = options_for(broker.port());
  options.session_expiry = seconds(60);
  Client client(loop.get_executor(), options);
  Client other(loop.get_executor(), [&] {
    Options second = options_for(broker.port());
    second.client_id = "other";
    return second;
  }());
  int heard = 0;
  int lost = 0;
  client.on_lost([&](std::string_view) { ++lost; });
  client.subscribe("a", 1, [&](Delivery delivery) {
    if (++heard == 1) throw std::runtime_error("the handler broke");
    EXPECT_TRUE(delivery.duplicate());
    delivery.acknowledge();
  });
  spawn(loop.get_executor(), "test", supervise("test", [&] { return client.run(); }));
  spawn(loop.get_executor(), "test", other.run());
  play(loop, [&]() -> Task<void> {
    co_await client.ready(seconds(5));
    co_await other.publish({"a", "b"});
    co_await eventually([&] { return heard == 2; }, seconds(5));
  }());
  EXPECT_EQ(heard, 2);
  EXPECT_EQ(lost, 1);
}

TEST(Session, ReachesAHostByItsName) {
  TestBroker broker;
  asio::io_context loop;
  Options options = options_for(broker.port());
  options.host = "localhost";
  Client client(loop.get_executor(), options);
  spawn(loop.get_executor(), "test", client.run());
  play(loop, [&]() -> Task<void> {
    const bool ready = co_await client.ready(seconds(5));
    EXPECT_TRUE(ready);
  }());
}

}  // namespace
}  // namespace croft::mqtt

// Tests of the client against a real Mosquitto: delivery, acknowledgement, coming back.
// SPDX-License-Identifier: Apache-2.0
#include "mqtt/client.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "mqtt/test_broker.hpp"

namespace croft::mqtt {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

Options options(const TestBroker& broker, const std::string& id, seconds expiry = seconds(0)) {
  Options options;
  options.port = broker.port();
  options.client_id = id;
  options.session_expiry = expiry;
  options.backoff_least = milliseconds(10);
  options.backoff_most = milliseconds(50);
  return options;
}

class ClientTest : public testing::Test {
 protected:
  void start(Client& client) { spawn(loop_.get_executor(), "test", client.run()); }
  Executor executor() { return loop_.get_executor(); }

  TestBroker broker_;
  asio::io_context loop_;
};

TEST_F(ClientTest, DeliversWhatItPublishes) {
  Client client(executor(), options(broker_, "one"));
  std::vector<std::string> heard;
  client.subscribe("a/+", 1, [&](Delivery delivery) {
    heard.push_back(std::string(delivery.topic()) + "=" + std::string(delivery.payload()));
    EXPECT_EQ(delivery.qos(), 1);
    EXPECT_FALSE(delivery.retained());
    delivery.acknowledge();
  });
  start(client);
  play(loop_, [&]() -> Task<void> {
    const bool ready = co_await client.ready(seconds(5));
    EXPECT_TRUE(ready);
    const auto reach = co_await client.publish({"a/b", "hello"});
    EXPECT_TRUE(reach && *reach == Client::Reach::subscribers);
    const bool came = co_await eventually([&] { return heard.size() == 1; });
    EXPECT_TRUE(came);
  }());
  EXPECT_EQ(heard, std::vector<std::string>{"a/b=hello"});
}

TEST_F(ClientTest, TellsThatNobodyListens) {
  Client client(executor(), options(broker_, "one"));
  start(client);
  play(loop_, [&]() -> Task<void> {
    const auto nobody = co_await client.publish({"a/b", "hello"});
    EXPECT_TRUE(nobody && *nobody == Client::Reach::nobody);
    client.subscribe("a/b", 1, [](Delivery delivery) { delivery.acknowledge(); });
    co_await client.ready(seconds(5));
    const auto somebody = co_await client.publish({"a/b", "hello"});
    EXPECT_TRUE(somebody && *somebody == Client::Reach::subscribers);
    client.unsubscribe("a/b");
    const auto again = co_await client.publish({"a/b", "hello"});
    EXPECT_TRUE(again && *again == Client::Reach::nobody);
  }());
}

TEST_F(ClientTest, SpeaksWithMosquittosOwnClients) {
  Client client(executor(), options(broker_, "one"));
  std::string heard;
  client.subscribe("from/tool", 1, [&](Delivery delivery) {
    heard = std::string(delivery.payload());
    delivery.acknowledge();
  });
  start(client);
  TestProgram listener({"mosquitto_sub", "-p", std::to_string(broker_.port()), "-t", "to/tool",
                        "-C", "1", "-q", "1"},
                       broker_.directory() / "listener");
  play(loop_, [&]() -> Task<void> {
    co_await client.ready(seconds(5));
    broker_.tool(
        {"mosquitto_pub", "-t", "from/tool", "-m", "from the tool", "-q", "1", "-V", "311"});
    const bool came = co_await eventually([&] { return !heard.empty(); });
    EXPECT_TRUE(came);
    for (;;) {
      const auto reach = co_await client.publish({"to/tool", "from the client"});
      if (reach && *reach == Client::Reach::subscribers) break;
      co_await sleep_for(milliseconds(10));
    }
  }());
  EXPECT_EQ(heard, "from the tool");
  EXPECT_EQ(listener.wait(), 0);
  std::ifstream in(broker_.directory() / "listener");
  std::string line;
  std::getline(in, line);
  EXPECT_EQ(line, "from the client");
}

TEST_F(ClientTest, GetsUnacknowledgedMessagesAgainAfterADropAndAcknowledgedOnesNot) {
  Client client(executor(), options(broker_, "keeper", seconds(60)));
  Client other(executor(), options(broker_, "other"));
  std::vector<std::string> heard;
  std::vector<Delivery> held;
  client.subscribe("a", 1, [&](Delivery delivery) {
    heard.push_back(std::string(delivery.payload()) + (delivery.duplicate() ? " again" : ""));
    if (delivery.payload() == "kept" && !delivery.duplicate()) {
      held.push_back(std::move(delivery));
    } else {
      delivery.acknowledge();
    }
  });
  start(client);
  start(other);
  play(loop_, [&]() -> Task<void> {
    co_await client.ready(seconds(5));
    co_await other.publish({"a", "kept"});
    co_await other.publish({"a", "done"});
    co_await eventually([&] { return heard.size() == 2; });
    co_await client.flush(seconds(1));
    client.drop();
    EXPECT_FALSE(client.connected());
    co_await eventually([&] { return heard.size() == 3; });
    held[0].acknowledge();  // of the lost connection: without effect
    co_await client.publish({"b", ""});
    EXPECT_EQ(heard, (std::vector<std::string>{"kept", "done", "kept again"}));
    client.drop();
    co_await client.publish({"b", ""});
    co_await sleep_for(milliseconds(50));
    EXPECT_EQ(heard.size(), 3u);
  }());
}

TEST_F(ClientTest, AcknowledgesOnceAllHandlersOfAMessageHave) {
  Client client(executor(), options(broker_, "keeper", seconds(60)));
  std::vector<Delivery> first;
  int second = 0;
  int duplicates = 0;
  client.subscribe("a/b", 1, [&](Delivery delivery) {
    duplicates += delivery.duplicate() ? 1 : 0;
    first.push_back(std::move(delivery));
  });
  client.subscribe("a/b", 1, [&](Delivery delivery) {
    ++second;
    delivery.acknowledge();
    delivery.acknowledge();
  });
  start(client);
  play(loop_, [&]() -> Task<void> {
    co_await client.ready(seconds(5));
    co_await client.publish({"a/b", "x"});
    co_await eventually([&] { return second == 1; });
    client.drop();
    co_await eventually([&] { return duplicates == 1; });
    first.back().acknowledge();
    co_await client.flush(seconds(1));
    client.drop();
    co_await client.publish({"b", ""});
    co_await sleep_for(milliseconds(50));
    EXPECT_EQ(duplicates, 1);
    EXPECT_EQ(second, 2);
  }());
}

TEST_F(ClientTest, IsSentNoMoreThanItsReceiveMaximumUnacknowledged) {
  Options few = options(broker_, "few");
  few.receive_maximum = 7;
  Client client(executor(), few);
  Client other(executor(), options(broker_, "other"));
  std::size_t held = 0;
  client.subscribe("a", 1, [&](Delivery) { ++held; });
  start(client);
  start(other);
  play(loop_, [&]() -> Task<void> {
    co_await client.ready(seconds(5));
    for (int i = 0; i < 50; ++i) other.post({"a", std::to_string(i)});
    co_await other.publish({"a", "last"});
    co_await sleep_for(milliseconds(100));
    EXPECT_EQ(held, 7u);
  }());
}

// Mosquitto 2.0.11 sends far beyond the receive maximum once acknowledgements flow; what we hold is
// bounded all the same, by not reading.
TEST_F(ClientTest, HoldsABoundedNumberWhileItAcknowledgesSlowly) {
  constexpr std::size_t kMessages = 3000;
  Options few = options(broker_, "few");
  few.receive_maximum = 20;
  Client client(executor(), few);
  Client other(executor(), options(broker_, "other"));
  std::vector<Delivery> held;
  std::size_t total = 0;
  client.subscribe("a", 1, [&](Delivery delivery) {
    ++total;
    held.push_back(std::move(delivery));
  });
  start(client);
  start(other);
  play(loop_, [&]() -> Task<void> {
    co_await client.ready(seconds(5));
    for (std::size_t i = 1; i < kMessages; ++i) other.post({"a", std::string(4096, 'x')});
    co_await other.publish({"a", "last"});
    std::size_t most = 0;
    while (total < kMessages) {
      most = std::max(most, held.size());
      const std::size_t some = std::min<std::size_t>(held.size(), 5);
      for (std::size_t i = 0; i < some; ++i) held[i].acknowledge();
      held.erase(held.begin(), held.begin() + static_cast<std::ptrdiff_t>(some));
      co_await sleep_for(milliseconds(0));
    }
    EXPECT_LE(most, 2u * 20 + 64 / 4);
  }());
}

TEST_F(ClientTest, GetsEverythingThroughANarrowWindow) {
  TestBroker narrow("allow_anonymous true\nmax_inflight_messages 3\n");
  Client client(executor(), options(narrow, "one"));
  std::size_t done = 0;
  start(client);
  play(loop_, [&]() -> Task<void> {
    for (int i = 0; i < 500; ++i) {
      auto one = [&]() -> Task<void> {
        const auto reach = co_await client.publish({"a", "x"});
        if (reach) ++done;
      };
      spawn(executor(), "test", one());
      // `one` must live until its task has started.
      co_await sleep_for(milliseconds(0));
    }
    const bool all = co_await eventually([&] { return done == 500; });
    EXPECT_TRUE(all);
  }());
}

TEST_F(ClientTest, SendsTheWillOnADropAndNotOnAStop) {
  Client watcher(executor(), options(broker_, "watcher"));
  std::vector<std::string> heard;
  watcher.subscribe("status/+", 1, [&](Delivery delivery) {
    heard.push_back(std::string(delivery.topic()) + " " + std::string(delivery.payload()));
    delivery.acknowledge();
  });
  Options dropped = options(broker_, "dropped");
  dropped.will = Will{"status/dropped", "gone", 1, true};
  dropped.backoff_least = dropped.backoff_most = seconds(30);
  Options stopped = options(broker_, "stopped");
  stopped.will = Will{"status/stopped", "gone", 1, true};
  Client first(executor(), dropped);
  Client second(executor(), stopped);
  bool returned = false;
  start(watcher);
  start(first);
  auto until_stopped = [&]() -> Task<void> {
    co_await second.run();
    returned = true;
  };
  spawn(executor(), "test", until_stopped());
  play(loop_, [&]() -> Task<void> {
    co_await watcher.ready(seconds(5));
    co_await first.ready(seconds(5));
    co_await second.ready(seconds(5));
    second.post({"status/stopped", "last word"});
    second.stop();
    const bool ended = co_await eventually([&] { return returned; });
    EXPECT_TRUE(ended);
    first.drop();
    co_await eventually([&] { return heard.size() == 2; });
    co_await sleep_for(milliseconds(50));
    EXPECT_EQ(heard, (std::vector<std::string>{"status/stopped last word", "status/dropped gone"}));
    const auto refused = co_await second.publish({"a", "x"});
    EXPECT_EQ(refused.error().code, Code::unavailable);
  }());
}

TEST_F(ClientTest, ComesBackAfterTheBrokerRestartsAndLosesNoPublish) {
  Client client(executor(), options(broker_, "one", seconds(60)));
  std::set<std::string> heard;
  int connects = 0;
  int losses = 0;
  client.on_connected([&](bool) { ++connects; });
  client.on_lost([&](std::string_view reason) {
    EXPECT_FALSE(reason.empty());
    ++losses;
  });
  client.subscribe("a", 1, [&](Delivery delivery) {
    heard.insert(std::string(delivery.payload()));
    delivery.acknowledge();
  });
  start(client);
  play(loop_, [&]() -> Task<void> {
    co_await client.ready(seconds(5));
    for (int round = 0; round < 3; ++round) {
      for (int i = 0; i < 200; ++i) client.post({"a", std::to_string(round * 200 + i)});
      co_await sleep_for(milliseconds(round));
      broker_.end(round == 1 ? SIGKILL : SIGTERM);
      co_await eventually([&] { return losses == round + 1; });
      broker_.start();
      co_await client.ready(seconds(5));
      const auto reach = co_await client.publish({"a", "r" + std::to_string(round)});
      EXPECT_TRUE(reach && *reach == Client::Reach::subscribers);
    }
    co_await eventually([&] { return heard.contains("r2"); });
  }());
  EXPECT_EQ(connects, 4);
  // Killed, the broker may forget what it had acknowledged; ended in order it may not.
  for (int i = 0; i < 600; ++i) {
    if (i / 200 != 1) EXPECT_TRUE(heard.contains(std::to_string(i))) << i;
  }
}

TEST_F(ClientTest, DrainsALargeBacklogOfItsSession) {
  constexpr std::size_t kMessages = 20'000;
  std::size_t heard = 0;
  Client sender(executor(), options(broker_, "sender"));
  Options many = options(broker_, "many");
  many.outgoing_messages = kMessages;
  Client filler(executor(), many);
  {
    Client client(executor(), options(broker_, "backlog", seconds(60)));
    client.subscribe("a", 1, [](Delivery) {});
    start(client);
    play(loop_, [&]() -> Task<void> {
      co_await client.ready(seconds(5));
      client.stop();
    }());
  }
  start(filler);
  Client client(executor(), options(broker_, "backlog", seconds(60)));
  client.subscribe("a", 1, [&](Delivery delivery) {
    ++heard;
    delivery.acknowledge();
  });
  play(loop_, [&]() -> Task<void> {
    for (std::size_t i = 1; i < kMessages; ++i)
      EXPECT_TRUE(filler.post({"a", std::string(100, 'x')}));
    co_await filler.publish({"a", "last"});
    bool kept = false;
    client.on_connected([&](bool session_present) { kept = session_present; });
    start(client);
    const bool all = co_await eventually([&] { return heard >= kMessages; });
    EXPECT_TRUE(all);
    EXPECT_TRUE(kept);
  }());
  EXPECT_EQ(heard, kMessages);
}

TEST_F(ClientTest, LosesItsSessionAfterTheExpiry) {
  Client client(executor(), options(broker_, "short", seconds(0)));
  std::vector<bool> kept;
  client.on_connected([&](bool session_present) { kept.push_back(session_present); });
  Client lasting(executor(), options(broker_, "long", seconds(60)));
  lasting.on_connected([&](bool session_present) { kept.push_back(session_present); });
  start(client);
  play(loop_, [&]() -> Task<void> {
    co_await client.ready(seconds(5));
    client.drop();
    co_await eventually([&] { return kept.size() == 2; });
    start(lasting);
    co_await lasting.ready(seconds(5));
    lasting.drop();
    co_await eventually([&] { return kept.size() == 4; });
  }());
  EXPECT_EQ(kept, (std::vector<bool>{false, false, false, true}));
}

TEST_F(ClientTest, MarksRetainedMessagesAndSubscribesAnewInANewProgram) {
  Client sender(executor(), options(broker_, "sender"));
  int retained = 0;
  start(sender);
  const auto listen = [&] {
    auto client = std::make_unique<Client>(executor(), options(broker_, "listener", seconds(60)));
    client->subscribe("state", 1, [&](Delivery delivery) {
      retained += delivery.retained() ? 1 : 0;
      delivery.acknowledge();
    });
    start(*client);
    return client;
  };
  play(loop_, [&]() -> Task<void> {
    co_await sender.publish({"state", "on", 1, true});
    for (int program = 1; program <= 2; ++program) {
      const auto client = listen();
      const bool came = co_await eventually([&] { return retained == program; });
      EXPECT_TRUE(came) << program;
      client->stop();
      co_await sleep_for(milliseconds(20));
    }
  }());
}

}  // namespace
}  // namespace croft::mqtt

// Tests of who sees which event, and of clients that do not keep up.
// SPDX-License-Identifier: Apache-2.0
#include "visualisation/hub.hpp"

#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>

namespace croft::visualisation {
namespace {

// A connection whose other end is the test: it says what it is told to and takes what it gets,
// unless it is stalled.
class HandSocket final : public http::WebSocket {
 public:
  explicit HandSocket(const Executor& executor) : said_(executor), moved_(executor) {}

  Task<std::optional<std::string>> read() override {
    while (saying_.empty() && !closed_) co_await said_.wait();
    if (closed_) co_return std::nullopt;
    auto text = saying_.front();
    saying_.pop_front();
    co_return text;
  }
  Task<bool> write(std::shared_ptr<const std::string> text) override {
    while (stalled && !closed_) co_await moved_.wait();
    if (closed_) co_return false;
    got.push_back(*text);
    co_return true;
  }
  void close(std::uint16_t code, std::string_view) override {
    close_code = code;
    closed_ = true;
    said_.raise();
    moved_.raise();
  }
  void say(std::string text) {
    saying_.push_back(std::move(text));
    said_.raise();
  }

  std::vector<std::string> got;
  bool stalled = false;
  int close_code = 0;

 private:
  Event said_;
  Event moved_;
  std::deque<std::string> saying_;
  bool closed_ = false;
};

class LiveHub : public testing::Test {
 protected:
  LiveHub() {
    directory_.put({DeviceId("bed-1"), UserId("alice"), "Bed 1"});
    directory_.put({DeviceId("bed-2"), UserId("alice"), "Bed 2"});
    directory_.put({DeviceId("bob-1"), UserId("bob"), "Bob's"});
    // Heard of before, so that a reading is no news about who is online.
    for (const auto* id : {"bed-1", "bed-2", "bob-1"}) devices_.seen(DeviceId(id));
  }
  ~LiveHub() override {
    hub_.close_all();
    turn();
  }

  HandSocket& connect(const char* user, const char* session) {
    auto& socket = sockets_.emplace_back(loop_.get_executor());
    const Principal who{UserId(user), user, SessionId(session), Role::user,
                        clock_.now() + Seconds(60)};
    auto story = [this, who, &socket]() -> Task<void> { co_await hub_.serve(who, socket); };
    stories_.push_back(story);
    spawn(loop_.get_executor(), "test", stories_.back()());
    turn();
    return socket;
  }
  void turn() {
    loop_.restart();
    loop_.poll();
  }
  void measure(const char* device, double value = 21.5) {
    feed_.reading_stored.publish(
        {{DeviceId(device), clock_.now(), clock_.now(), false, {{"temperature", value}}}});
    turn();
  }

  asio::io_context loop_;
  HandClock clock_;
  Metrics metrics_;
  DeviceDirectory directory_;
  live::Feed feed_;
  live::Devices devices_{directory_, feed_, clock_};
  Needs needs_{loop_.get_executor(), directory_, feed_, devices_, clock_, metrics_, nullptr};
  Hub hub_{{.queue_messages = 4, .queue_bytes = 10'000}, needs_};
  std::deque<HandSocket> sockets_;
  std::deque<std::function<Task<void>()>> stories_;
};

}  // namespace

TEST_F(LiveHub, ShowsEverybodyTheirOwnDevicesOnly) {
  auto& alice = connect("alice", "s1");
  auto& bob = connect("bob", "s2");
  measure("bed-1");
  measure("bob-1");
  ASSERT_EQ(alice.got.size(), 1U);
  EXPECT_NE(alice.got[0].find(R"("type":"reading","device":"bed-1")"), std::string::npos);
  EXPECT_NE(alice.got[0].find(R"("values":{"temperature":21.5})"), std::string::npos);
  ASSERT_EQ(bob.got.size(), 1U);
  EXPECT_NE(bob.got[0].find("bob-1"), std::string::npos);
}

TEST_F(LiveHub, SendsOnlySubscribedDevices) {
  auto& alice = connect("alice", "s1");
  alice.say(R"({"type":"subscribe","devices":["bed-2","bob-1"]})");
  turn();
  measure("bed-1");
  measure("bed-2");
  measure("bob-1");
  ASSERT_EQ(alice.got.size(), 1U);
  EXPECT_NE(alice.got[0].find("bed-2"), std::string::npos);
  alice.say(R"({"type":"subscribe"})");
  turn();
  measure("bed-1");
  EXPECT_EQ(alice.got.size(), 2U);
}

TEST_F(LiveHub, AnswersNonsenseWithAnErrorAndGoesOn) {
  auto& alice = connect("alice", "s1");
  alice.say("{nonsense");
  alice.say(R"({"type":"dance"})");
  alice.say(R"({"type":"subscribe","devices":"all"})");
  turn();
  EXPECT_EQ(alice.got.size(), 3U);
  for (const auto& text : alice.got) EXPECT_NE(text.find(R"("type":"error")"), std::string::npos);
  measure("bed-1");
  EXPECT_EQ(alice.got.size(), 4U);
}

TEST_F(LiveHub, DropsAClientThatDoesNotReadWithoutSlowingOthers) {
  auto& slow = connect("alice", "s1");
  auto& quick = connect("alice", "s2");
  slow.stalled = true;
  for (int i = 0; i < 10; ++i) measure("bed-1", i);
  EXPECT_EQ(slow.close_code, 1013);
  EXPECT_EQ(quick.got.size(), 10U);
  EXPECT_EQ(quick.close_code, 0);
}

TEST_F(LiveHub, ClosesTheSocketsOfASessionThatEnded) {
  auto& here = connect("alice", "s1");
  auto& there = connect("alice", "s2");
  feed_.session_ended.publish({SessionId("s1")});
  turn();
  EXPECT_EQ(here.close_code, 4401);
  EXPECT_EQ(there.close_code, 0);
  clock_.advance(Seconds(61));
  hub_.close_expired();
  EXPECT_EQ(there.close_code, 4401);
}

TEST_F(LiveHub, TellsDeviceChangesCommandsAndRemovals) {
  auto& alice = connect("alice", "s1");
  feed_.device_changed.publish({DeviceId("bed-1")});
  Command command;
  command.id = CommandId("c1");
  command.device = DeviceId("bed-1");
  command.owner = UserId("alice");
  feed_.command_changed.publish({command});
  feed_.device_removed.publish({{DeviceId("bed-1"), UserId("alice"), "Bed 1"}});
  turn();
  ASSERT_EQ(alice.got.size(), 3U);
  EXPECT_NE(alice.got[0].find(R"("type":"device","device":"bed-1","online":true)"),
            std::string::npos);
  EXPECT_TRUE(alice.got[1].starts_with(R"({"type":"command","id":"c1")"));
  EXPECT_NE(alice.got[2].find("deviceRemoved"), std::string::npos);
}

}  // namespace croft::visualisation

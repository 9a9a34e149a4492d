// What every session store must do.
// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>

#include "sessions/memory.hpp"

namespace croft::sessions {
namespace {

class SessionContract : public testing::Test {
 protected:
  template <class T>
  T wait(Task<T> task) {
    std::optional<T> result;
    auto story = [&]() -> Task<void> {
      auto value = co_await std::move(task);
      result.emplace(std::move(value));
    };
    spawn(loop_.get_executor(), "test", story());
    loop_.restart();
    loop_.run();
    return std::move(*result);
  }
  Session session(const char* id, const char* user, Seconds lifetime = Seconds(60)) {
    return {SessionId(id),           UserId(user), clock_.now(),
            clock_.now() + lifetime, "127.0.0.1",  "test"};
  }
  bool alive(const char* id) { return wait(store_.find(SessionId(id))).has_value(); }

  asio::io_context loop_;
  HandClock clock_;
  Memory store_{clock_};
};

}  // namespace

TEST_F(SessionContract, FindsWhatWasPut) {
  wait(store_.put(session("s1", "alice")));
  const auto found = wait(store_.find(SessionId("s1")));
  ASSERT_TRUE(found);
  EXPECT_EQ(found->user, UserId("alice"));
}

TEST_F(SessionContract, EndsASessionAtOnceAndForGood) {
  wait(store_.put(session("s1", "alice")));
  wait(store_.end(SessionId("s1")));
  wait(store_.end(SessionId("s1")));
  EXPECT_FALSE(alive("s1"));
}

TEST_F(SessionContract, LetsASessionExpire) {
  wait(store_.put(session("s1", "alice", Seconds(10))));
  clock_.advance(std::chrono::milliseconds(9'999));
  EXPECT_TRUE(alive("s1"));
  clock_.advance(std::chrono::milliseconds(1));
  EXPECT_FALSE(alive("s1"));
}

TEST_F(SessionContract, EndsAllOfAUserButOne) {
  wait(store_.put(session("s1", "alice")));
  wait(store_.put(session("s2", "alice")));
  wait(store_.put(session("s3", "bob")));
  const auto ended = wait(store_.end_all(UserId("alice"), SessionId("s2")));
  EXPECT_EQ(*ended, std::vector<SessionId>{SessionId("s1")});
  EXPECT_TRUE(alive("s2"));
  EXPECT_TRUE(alive("s3"));
}

TEST_F(SessionContract, ListsWhereAUserIsLoggedIn) {
  wait(store_.put(session("s1", "alice", Seconds(5))));
  wait(store_.put(session("s2", "alice")));
  clock_.advance(Seconds(6));
  const auto list = wait(store_.of_user(UserId("alice")));
  ASSERT_EQ(list->size(), 1U);
  EXPECT_EQ(list->front().id, SessionId("s2"));
}

TEST_F(SessionContract, MakesRoomForANewSessionByForgettingTheOldest) {
  for (std::size_t i = 0; i <= Memory::kMostPerUser; ++i)
    wait(store_.put(session(("s" + std::to_string(i)).c_str(), "alice")));
  EXPECT_FALSE(alive("s0"));
  EXPECT_TRUE(alive("s1"));
}

}  // namespace croft::sessions

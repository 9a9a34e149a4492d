// What every session store must do.
// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>

#include "redis/test_redis.hpp"
#include "sessions/memory.hpp"
#include "sessions/redis.hpp"

namespace croft::sessions {
namespace {

class InMemory {
 public:
  InMemory(asio::io_context&, const Clock& clock) : store_(clock) {}
  Store& store() { return store_; }

 private:
  Memory store_;
};

class InRedis {
 public:
  InRedis(asio::io_context& loop, const Clock& clock)
      : client_(loop.get_executor(), server_.options(), metrics_),
        store_(client_, clock, Seconds(3600)) {
    spawn(loop.get_executor(), "redis", client_.run());
    auto up = [this]() -> Task<void> {
      co_await mqtt::eventually([this] { return client_.connected(); });
    };
    mqtt::play(loop, up());
  }
  Store& store() { return store_; }

 private:
  redis::TestRedis server_;
  Metrics metrics_;
  redis::Client client_;
  Redis store_;
};

template <class Driver>
class SessionContract : public testing::Test {
 protected:
  template <class T>
  T wait(Task<T> task) {
    std::optional<T> result;
    auto story = [&]() -> Task<void> {
      auto value = co_await std::move(task);
      result.emplace(std::move(value));
    };
    mqtt::play(loop_, story());
    return std::move(*result);
  }
  Store& store() { return driver_.store(); }
  Session session(const std::string& id, const char* user, Seconds lifetime = Seconds(60)) {
    return {SessionId(id),           UserId(user), clock_.now(),
            clock_.now() + lifetime, "127.0.0.1",  "test\xff \r\n agent"};
  }
  void put(const Session& session) {
    const auto kept = wait(store().put(session));
    EXPECT_TRUE(kept);
  }
  bool alive(const char* id) { return wait(store().find(SessionId(id))).has_value(); }

  asio::io_context loop_;
  HandClock clock_;
  Driver driver_{loop_, clock_};
};

using Drivers = testing::Types<InMemory, InRedis>;
TYPED_TEST_SUITE(SessionContract, Drivers);

}  // namespace

TYPED_TEST(SessionContract, FindsWhatWasPut) {
  const auto put = this->session("s1", "alice");
  this->put(put);
  const auto found = this->wait(this->store().find(SessionId("s1")));
  ASSERT_TRUE(found);
  EXPECT_EQ(found->id, put.id);
  EXPECT_EQ(found->user, put.user);
  EXPECT_EQ(found->started, put.started);
  EXPECT_EQ(found->expires, put.expires);
  EXPECT_EQ(found->remote, put.remote);
  EXPECT_EQ(found->user_agent, put.user_agent);
  const auto other = this->wait(this->store().find(SessionId("s2")));
  EXPECT_EQ(other.error().code, Code::not_found);
  EXPECT_EQ(this->store().missing(), "");
}

TYPED_TEST(SessionContract, EndsASessionAtOnceAndForGood) {
  this->put(this->session("s1", "alice"));
  EXPECT_TRUE(this->wait(this->store().end(SessionId("s1"))));
  EXPECT_TRUE(this->wait(this->store().end(SessionId("s1"))));
  EXPECT_FALSE(this->alive("s1"));
  EXPECT_TRUE(this->wait(this->store().of_user(UserId("alice")))->empty());
}

TYPED_TEST(SessionContract, LetsASessionExpire) {
  this->put(this->session("s1", "alice", Seconds(10)));
  this->clock_.advance(std::chrono::milliseconds(9'999));
  EXPECT_TRUE(this->alive("s1"));
  this->clock_.advance(std::chrono::milliseconds(1));
  EXPECT_FALSE(this->alive("s1"));
}

TYPED_TEST(SessionContract, EndsAllOfAUserButOne) {
  this->put(this->session("s1", "alice"));
  this->put(this->session("s2", "alice"));
  this->put(this->session("s3", "bob"));
  const auto ended = this->wait(this->store().end_all(UserId("alice"), SessionId("s2")));
  EXPECT_EQ(*ended, std::vector<SessionId>{SessionId("s1")});
  EXPECT_FALSE(this->alive("s1"));
  EXPECT_TRUE(this->alive("s2"));
  EXPECT_TRUE(this->alive("s3"));
}

TYPED_TEST(SessionContract, ListsWhereAUserIsLoggedIn) {
  this->put(this->session("s1", "alice", Seconds(5)));
  this->put(this->session("s2", "alice"));
  this->put(this->session("s3", "bob"));
  this->clock_.advance(Seconds(6));
  const auto list = this->wait(this->store().of_user(UserId("alice")));
  ASSERT_EQ(list->size(), 1U);
  EXPECT_EQ(list->front().id, SessionId("s2"));
  EXPECT_EQ(list->front().user_agent, "test\xff \r\n agent");
  EXPECT_TRUE(this->wait(this->store().of_user(UserId("carol")))->empty());
}

TYPED_TEST(SessionContract, MakesRoomForANewSessionByForgettingTheOldest) {
  for (std::size_t i = 0; i <= Store::kMostPerUser; ++i)
    this->put(this->session("s" + std::to_string(i), "alice"));
  EXPECT_FALSE(this->alive("s0"));
  EXPECT_TRUE(this->alive("s1"));
  EXPECT_TRUE(this->alive("s100"));
  EXPECT_EQ(this->wait(this->store().of_user(UserId("alice")))->size(), Store::kMostPerUser);
}

TYPED_TEST(SessionContract, DoesNotLetInWhatIsPutWhileAllAreEnded) {
  // Whatever the order they take effect in, a session that end_all() did not name is alive.
  std::vector<SessionId> ended;
  int done = 0;
  auto put = [&](int number) -> Task<void> {
    const auto session = this->session("s" + std::to_string(number), "alice");
    co_await this->store().put(session);
    ++done;
  };
  auto end_all = [&]() -> Task<void> {
    const auto told = co_await this->store().end_all(UserId("alice"), SessionId());
    if (told) ended = *told;
    ++done;
  };
  auto both = [&]() -> Task<void> {
    for (int i = 0; i < 20; ++i) {
      spawn(this->loop_.get_executor(), "test", put(i));
      if (i == 10) spawn(this->loop_.get_executor(), "test", end_all());
    }
    co_await mqtt::eventually([&] { return done == 21; });
  };
  mqtt::play(this->loop_, both());
  EXPECT_EQ(ended.size() + this->wait(this->store().of_user(UserId("alice")))->size(), 20U);
  for (const auto& id : ended) EXPECT_FALSE(this->alive(id.str().c_str()));
}

}  // namespace croft::sessions

// Tests of sessions in a Redis that expires them, stalls, dies, forgets and comes back with old
// data.
// SPDX-License-Identifier: Apache-2.0
#include "sessions/redis.hpp"

#include <gtest/gtest.h>

#include "redis/test_redis.hpp"

namespace croft::sessions {
namespace {

using redis::TestRedis;
using std::chrono::milliseconds;

// A process of Croft: its own connection, its own memory of what has ended.
struct Process {
  Process(asio::io_context& loop, TestRedis& redis, milliseconds limit = milliseconds(400))
      : client(loop.get_executor(), options(redis, limit), metrics),
        store(client, clock, std::chrono::hours(24)) {
    spawn(loop.get_executor(), "redis", client.run());
  }
  ~Process() { client.stop(); }
  static redis::Options options(TestRedis& redis, milliseconds limit) {
    auto options = redis.options();
    options.limit = limit;
    return options;
  }
  Session session(const char* id, Milliseconds lifetime = std::chrono::hours(1)) const {
    return {SessionId(id), UserId("alice"), clock.now(), clock.now() + lifetime, "::1", "test"};
  }
  Task<void> log_in(const char* id) {
    co_await up();
    const auto made = session(id);
    const auto kept = co_await store.put(made);
    EXPECT_TRUE(kept);
  }
  Task<void> up() {
    const bool up = co_await mqtt::eventually([this] { return client.connected(); });
    EXPECT_TRUE(up);
  }
  // "in", "ended" or "unavailable".
  Task<std::string> look(const char* id) {
    const auto found = co_await store.find(SessionId(id));
    if (found) co_return "in";
    co_return found.error().code == Code::unavailable ? "unavailable" : "ended";
  }

  SystemClock clock;
  Metrics metrics;
  redis::Client client;
  Redis store;
};

}  // namespace

TEST(SessionsInRedis, AreSharedByProcessesAndOutliveThem) {
  TestRedis redis;
  asio::io_context loop;
  auto first = std::make_unique<Process>(loop, redis);
  Process second(loop, redis);
  auto story = [&]() -> Task<void> {
    co_await first->log_in("s1");
    co_await first->log_in("s2");
    co_await second.up();
    auto seen = co_await second.look("s1");
    EXPECT_EQ(seen, "in");
    const auto ended = co_await first->store.end(SessionId("s1"));
    EXPECT_TRUE(ended);
    seen = co_await second.look("s1");
    EXPECT_EQ(seen, "ended");
    first.reset();
    seen = co_await second.look("s2");
    EXPECT_EQ(seen, "in");
  };
  mqtt::play(loop, story());
}

TEST(SessionsInRedis, AreExpiredByRedisItself) {
  TestRedis redis;
  asio::io_context loop;
  Process process(loop, redis);
  auto story = [&]() -> Task<void> {
    co_await process.up();
    const auto brief = process.session("s1", milliseconds(300));
    co_await process.store.put(brief);
    EXPECT_EQ(redis.cli({"DBSIZE"}), "2");
    const bool gone = co_await mqtt::eventually([&] { return redis.cli({"DBSIZE"}) == "0"; });
    EXPECT_TRUE(gone);
  };
  mqtt::play(loop, story());
}

TEST(SessionsInRedis, KeepAUsersListBoundedAndTidy) {
  TestRedis redis;
  asio::io_context loop;
  Process process(loop, redis);
  auto story = [&]() -> Task<void> {
    co_await process.up();
    for (int i = 0; i < 250; ++i) {
      const auto session = process.session(("s" + std::to_string(i)).c_str());
      co_await process.store.put(session);
    }
    EXPECT_EQ(redis.cli({"LLEN", "croft:sessions:alice"}), "100");
    EXPECT_EQ(redis.cli({"DBSIZE"}), "101");
    const auto ended = co_await process.store.end_all(UserId("alice"), SessionId());
    EXPECT_EQ(ended->size(), 100U);
    EXPECT_EQ(redis.cli({"DBSIZE"}), "0");
  };
  mqtt::play(loop, story());
}

TEST(SessionsInRedis, LetNobodyInWhileRedisStallsOrIsAwayAndHealByThemselves) {
  TestRedis redis;
  asio::io_context loop;
  Process process(loop, redis);
  auto story = [&]() -> Task<void> {
    co_await process.log_in("s1");
    redis.pause();
    const auto started = std::chrono::steady_clock::now();
    auto seen = co_await process.look("s1");
    EXPECT_EQ(seen, "unavailable");
    EXPECT_LT(std::chrono::steady_clock::now() - started, milliseconds(2000));
    EXPECT_NE(process.store.missing(), "");
    const auto session = process.session("s2");
    const auto kept = co_await process.store.put(session);
    EXPECT_EQ(kept.error().code, Code::unavailable);
    const auto ended = co_await process.store.end(SessionId("s1"));
    EXPECT_EQ(ended.error().code, Code::unavailable);
    EXPECT_GT(ended.error().retry_after_seconds, 0);
    const auto all = co_await process.store.end_all(UserId("alice"), SessionId());
    EXPECT_EQ(all.error().code, Code::unavailable);
    const auto list = co_await process.store.of_user(UserId("alice"));
    EXPECT_EQ(list.error().code, Code::unavailable);
    redis.resume();
    co_await process.up();
    seen = co_await process.look("s1");
    EXPECT_EQ(seen, "in") << "ending it had failed, and said so";

    redis.end();
    seen = co_await process.look("s1");
    EXPECT_EQ(seen, "unavailable");
    redis.start();  // it had kept nothing
    co_await process.up();
    seen = co_await process.look("s1");
    EXPECT_EQ(seen, "ended");
    co_await process.log_in("s3");
    seen = co_await process.look("s3");
    EXPECT_EQ(seen, "in");
  };
  mqtt::play(loop, story());
}

TEST(SessionsInRedis, SurviveAKilledRedisThatKeepsALogOfWhatItAnswered) {
  TestRedis redis({"--save", "", "--appendonly", "yes", "--appendfsync", "always"});
  asio::io_context loop;
  auto story = [&]() -> Task<void> {
    Process before(loop, redis);
    co_await before.log_in("s1");
    co_await before.log_in("s2");
    const auto ended = co_await before.store.end(SessionId("s1"));
    EXPECT_TRUE(ended);
    redis.end(SIGKILL);
    redis.start();
    Process after(loop, redis);  // remembers nothing itself
    co_await after.up();
    auto seen = co_await after.look("s1");
    EXPECT_EQ(seen, "ended");
    seen = co_await after.look("s2");
    EXPECT_EQ(seen, "in");
  };
  mqtt::play(loop, story());
}

TEST(SessionsInRedis, StayEndedWhenRedisComesBackWithAnOldSnapshot) {
  TestRedis redis({"--save", "", "--appendonly", "no"});
  asio::io_context loop;
  auto story = [&]() -> Task<void> {
    Process ends(loop, redis);
    Process hears(loop, redis);
    Process knows_nothing(loop, redis);
    co_await ends.log_in("s1");
    co_await ends.log_in("s2");
    co_await ends.log_in("s3");
    EXPECT_EQ(redis.cli({"SAVE"}), "OK");  // the snapshot in which all three live
    const auto one = co_await ends.store.end(SessionId("s1"));
    EXPECT_TRUE(one);
    const auto all = co_await ends.store.end_all(UserId("alice"), SessionId("s3"));
    EXPECT_EQ(all->size(), 1U);
    hears.store.remember_ended(SessionId("s1"));
    redis.end(SIGKILL);
    redis.start();
    EXPECT_EQ(redis.cli({"EXISTS", "croft:session:s3"}), "1") << "the snapshot was not loaded";

    co_await hears.up();
    auto seen = co_await hears.look("s1");
    EXPECT_EQ(seen, "ended");
    co_await ends.up();
    for (const char* id : {"s1", "s2"}) {
      seen = co_await ends.look(id);
      EXPECT_EQ(seen, "ended");
      const std::string key = std::string("croft:session:") + id;
      const bool gone =
          co_await mqtt::eventually([&] { return redis.cli({"EXISTS", key}) == "0"; });
      EXPECT_TRUE(gone) << id << " must be ended in Redis too";
    }
    co_await knows_nothing.up();
    seen = co_await knows_nothing.look("s1");
    EXPECT_EQ(seen, "ended");
    seen = co_await knows_nothing.look("s3");
    EXPECT_EQ(seen, "in");
    EXPECT_EQ(redis.cli({"LRANGE", "croft:sessions:alice", "0", "-1"}), "s3");
  };
  mqtt::play(loop, story());
}

TEST(SessionsInRedis, RememberABoundedNumberOfEndedOnes) {
  TestRedis redis;
  asio::io_context loop;
  Process process(loop, redis);
  auto story = [&]() -> Task<void> {
    co_await process.log_in("first");
    process.store.remember_ended(SessionId("first"));
    auto seen = co_await process.look("first");
    EXPECT_EQ(seen, "ended");
    for (std::size_t i = 0; i < Redis::kMostEnded; ++i)
      process.store.remember_ended(SessionId("e" + std::to_string(i)));
    seen = co_await process.look("first");
    EXPECT_EQ(seen, "in");
  };
  mqtt::play(loop, story());
}

TEST(SessionsInRedis, LetNobodyInByAKeyThatHoldsSomethingElse) {
  TestRedis redis;
  asio::io_context loop;
  Process process(loop, redis);
  auto story = [&]() -> Task<void> {
    co_await process.up();
    redis.cli({"HSET", "croft:session:no_times", "user", "alice", "started", "1"});
    redis.cli({"HSET", "croft:session:words", "user", "alice", "started", "1", "expires", "never"});
    redis.cli({"HSET", "croft:session:nobody", "started", "1", "expires", "99999999999999"});
    redis.cli({"SET", "croft:session:text", "alice"});
    for (const char* id : {"no_times", "words", "nobody"}) {
      const auto seen = co_await process.look(id);
      EXPECT_EQ(seen, "ended") << id;
    }
    const auto seen = co_await process.look("text");
    EXPECT_EQ(seen, "unavailable");
  };
  mqtt::play(loop, story());
}

}  // namespace croft::sessions

// Tests of the client against a real Redis that is paused, killed and started again, and against
// strangers.
// SPDX-License-Identifier: Apache-2.0
#include "redis/client.hpp"

#include <gtest/gtest.h>

#include "redis/test_redis.hpp"

namespace croft::redis {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

// Runs a client against something that must never make it connected; answers why it is not.
std::string why_not(asio::io_context& loop, Options options,
                    milliseconds time = milliseconds(300)) {
  Metrics metrics;
  Client client(loop.get_executor(), std::move(options), metrics);
  spawn(loop.get_executor(), "redis", client.run());
  std::string why;
  auto story = [&]() -> Task<void> {
    co_await sleep_for(time);
    EXPECT_FALSE(client.connected());
    const auto asked = co_await client.ask({"PING"});
    EXPECT_FALSE(asked);
    why = client.missing();
    client.stop();
  };
  mqtt::play(loop, story());
  return why;
}

}  // namespace

TEST(RedisClient, AsksAndRunsScripts) {
  TestRedis redis;
  with_client(redis.options(), [](Client& client) -> Task<void> {
    const std::string bytes("any\0bytes\r\n", 11);
    const auto set = co_await client.ask({"SET", "key", bytes});
    EXPECT_EQ(set->text, "OK");
    const auto got = co_await client.ask({"GET", "key"});
    EXPECT_EQ(got->text, bytes);
    const auto nothing = co_await client.ask({"GET", "other"});
    EXPECT_EQ(nothing->kind, Reply::Kind::nil);
    const auto script = co_await client.run_script("return {KEYS[1], ARGV[1], 3}", {"k"}, {"a"});
    EXPECT_EQ(script->items.size(), 3U);
    EXPECT_EQ(script->items[1].text, "a");
  });
}

TEST(RedisClient, GivesEachOfManyItsOwnAnswer) {
  TestRedis redis;
  auto options = redis.options();
  options.limit = std::chrono::seconds(20);
  with_client(options, [](Client& client) -> Task<void> {
    int right = 0;
    auto one = [&](int number) -> Task<void> {
      for (int i = 0; i < 20; ++i) {
        const auto text = std::to_string(number) + ":" + std::to_string(i);
        const auto echo = co_await client.ask({"ECHO", text});
        right += echo && echo->text == text ? 1 : 0;
      }
    };
    for (int number = 0; number < 500; ++number) spawn(client.executor(), "test", one(number));
    const bool all = co_await mqtt::eventually([&] { return right == 500 * 20; });
    EXPECT_TRUE(all) << right;
  });
}

TEST(RedisClient, TellsWhatRedisRefuses) {
  TestRedis redis;
  with_client(redis.options(), [](Client& client) -> Task<void> {
    const auto unknown = co_await client.ask({"NOSUCHCOMMAND"});
    EXPECT_FALSE(unknown);
    EXPECT_EQ(unknown.error().code, Code::unavailable);
    EXPECT_GT(unknown.error().retry_after_seconds, 0);
    const auto next = co_await client.ask({"ECHO", "still in step"});
    EXPECT_EQ(next->text, "still in step");
  });
}

TEST(RedisClient, AnswersWithinTheLimitWhenRedisStallsAndNeverMixesUpReplies) {
  TestRedis redis;
  auto options = redis.options();
  options.limit = milliseconds(300);
  with_client(options, [&](Client& client) -> Task<void> {
    redis.pause();
    const auto started = steady_clock::now();
    const auto stalled = co_await client.ask({"ECHO", "late"});
    const auto took = steady_clock::now() - started;
    EXPECT_FALSE(stalled);
    EXPECT_EQ(stalled.error().code, Code::unavailable);
    EXPECT_GE(took, milliseconds(290));
    EXPECT_LT(took, milliseconds(2000));
    EXPECT_FALSE(client.connected());
    redis.resume();  // now it answers "late" to a connection that is gone
    const bool healed = co_await mqtt::eventually([&] { return client.connected(); });
    EXPECT_TRUE(healed);
    for (int i = 0; i < 50; ++i) {
      const auto text = std::to_string(i);
      const auto echo = co_await client.ask({"ECHO", text});
      EXPECT_EQ(echo ? echo->text : echo.error().message, text);
    }
  });
}

TEST(RedisClient, HealsByItselfWhenRedisIsKilledAndComesBack) {
  TestRedis redis;
  with_client(redis.options(), [&](Client& client) -> Task<void> {
    int connects = 0;
    client.on_connected([&] { ++connects; });
    for (int kill = 1; kill <= 3; ++kill) {
      redis.end();
      const bool lost = co_await mqtt::eventually([&] { return !client.connected(); });
      EXPECT_TRUE(lost);
      EXPECT_NE(client.missing(), "");
      const auto started = steady_clock::now();
      const auto asked = co_await client.ask({"PING"});
      EXPECT_FALSE(asked);
      EXPECT_LT(steady_clock::now() - started, milliseconds(500));
      redis.start();
      const bool healed = co_await mqtt::eventually([&] { return client.connected(); });
      EXPECT_TRUE(healed);
      const auto pong = co_await client.ask({"PING"});
      EXPECT_TRUE(pong);
      EXPECT_EQ(connects, kill);
    }
  });
}

TEST(RedisClient, NoticesAQuietConnectionThatDied) {
  TestRedis redis;
  auto options = redis.options();
  options.limit = milliseconds(200);
  options.ping_every = milliseconds(200);
  with_client(options, [&](Client& client) -> Task<void> {
    co_await sleep_for(milliseconds(1000));  // answered pings keep it
    EXPECT_TRUE(client.connected());
    redis.pause();
    const bool noticed = co_await mqtt::eventually([&] { return !client.connected(); });
    EXPECT_TRUE(noticed);
    redis.resume();
  });
}

TEST(RedisClient, TellsEverybodyUnderWayWhenTheConnectionIsLost) {
  TestRedis redis;
  auto options = redis.options();
  options.limit = std::chrono::seconds(20);
  with_client(options, [&](Client& client) -> Task<void> {
    redis.pause();
    int refused = 0;
    auto one = [&]() -> Task<void> {
      const auto asked = co_await client.ask({"PING"});
      refused += !asked && asked.error().code == Code::unavailable ? 1 : 0;
    };
    for (int i = 0; i < 1000; ++i) spawn(client.executor(), "test", one());
    co_await sleep_for(milliseconds(50));
    EXPECT_EQ(refused, 0);
    redis.end();
    const bool all = co_await mqtt::eventually([&] { return refused == 1000; });
    EXPECT_TRUE(all) << refused;
  });
}

TEST(RedisClient, BoundsWhatWaits) {
  TestRedis redis;
  auto options = redis.options();
  options.limit = std::chrono::seconds(20);
  options.most_commands = 10;
  options.most_bytes = 100'000;
  with_client(options, [&](Client& client) -> Task<void> {
    redis.pause();
    int refused = 0;
    int answered = 0;
    auto one = [&](std::string text) -> Task<void> {
      const auto asked = co_await client.ask({"ECHO", std::move(text)});
      ++(asked ? answered : refused);
    };
    spawn(client.executor(), "test", one(std::string(200'000, 'x')));
    for (int i = 0; i < 25; ++i) spawn(client.executor(), "test", one("y"));
    const bool bounded = co_await mqtt::eventually([&] { return refused == 16; });
    EXPECT_TRUE(bounded) << refused;
    EXPECT_TRUE(client.connected());
    redis.resume();
    const bool rest = co_await mqtt::eventually([&] { return answered == 10; });
    EXPECT_TRUE(rest) << answered;
  });
}

TEST(RedisClient, LogsInByPasswordAndSelectsItsDatabase) {
  TestRedis redis({"--requirepass", "s3cret pass", "--save", ""});
  auto options = redis.options();
  options.password = "s3cret pass";
  options.database = 3;
  with_client(options, [](Client& client) -> Task<void> {
    const auto info = co_await client.ask({"CLIENT", "INFO"});
    EXPECT_NE(info->text.find("name=croft"), std::string::npos);
    EXPECT_NE(info->text.find("db=3"), std::string::npos);
  });
}

TEST(RedisClient, SaysWhenItsPasswordIsWrongOrMissing) {
  TestRedis redis({"--requirepass", "s3cret", "--save", ""});
  asio::io_context loop;
  EXPECT_NE(why_not(loop, redis.options()).find("it wants a password"), std::string::npos);
  auto wrong = redis.options();
  wrong.password = "guess5";
  const auto why = why_not(loop, wrong);
  EXPECT_NE(why.find("it refuses the user name or password"), std::string::npos) << why;
  EXPECT_EQ(why.find("guess5"), std::string::npos);
  auto database = redis.options();
  database.password = "s3cret";
  database.database = 99;
  EXPECT_NE(why_not(loop, database).find("no such database"), std::string::npos);
}

TEST(RedisClient, LeavesAReplicaThatMayNotWrite) {
  TestRedis redis;
  with_client(redis.options(), [&](Client& client) -> Task<void> {
    redis.cli({"REPLICAOF", "127.0.0.1", "1"});
    int connects = 0;
    client.on_connected([&] { ++connects; });
    const auto written = co_await client.ask({"SET", "key", "value"});
    EXPECT_FALSE(written);
    const bool again = co_await mqtt::eventually([&] { return connects > 0; });
    EXPECT_TRUE(again);
    redis.cli({"REPLICAOF", "NO", "ONE"});
    const bool works = co_await mqtt::eventually([&] { return client.connected(); });
    EXPECT_TRUE(works);
  });
}

TEST(RedisClient, IsNotConnectedToStrangers) {
  const std::string nobody_asked = "+OK\r\n+PONG\r\n+more\r\n";
  for (const auto& says : std::vector<std::string>{
           "HTTP/1.1 400 Bad Request\r\n\r\n", "+OK\r\n+HELLO\r\n", "*99999999\r\n",
           std::string(100, '\0'), "$3\r\nabc", "-ERR go away\r\n-ERR go away\r\n",
           "-LOADING\r\n-LOADING Redis is loading the dataset in memory\r\n", ""}) {
    asio::io_context loop;
    TestStranger stranger(loop, {says});
    Options options;
    options.port = stranger.port();
    options.limit = milliseconds(100);
    options.backoff_most = milliseconds(50);
    EXPECT_NE(why_not(loop, options), "") << says;
    EXPECT_GT(stranger.connections(), 1) << "it tries again";
  }
  asio::io_context loop;
  TestStranger stranger(loop, {nobody_asked});
  Options options;
  options.port = stranger.port();
  options.backoff_least = options.backoff_most = milliseconds(2000);
  EXPECT_NE(why_not(loop, options).find("nobody asked"), std::string::npos);
}

TEST(RedisClient, DropsAConnectionThatTurnsToGarbage) {
  asio::io_context loop;
  TestStranger stranger(loop, {"+OK\r\n+PONG\r\n", "what is this?\r\n"});
  Options options;
  options.port = stranger.port();
  Metrics metrics;
  Client client(loop.get_executor(), options, metrics);
  spawn(loop.get_executor(), "redis", client.run());
  auto story = [&]() -> Task<void> {
    const bool up = co_await mqtt::eventually([&] { return client.connected(); });
    EXPECT_TRUE(up);
    const auto asked = co_await client.ask({"GET", "key"});
    EXPECT_FALSE(asked);
    EXPECT_EQ(asked.error().code, Code::unavailable);
    client.stop();
  };
  mqtt::play(loop, story());
}

TEST(RedisClient, WaitsForARedisThatIsNotThereYet) {
  TestRedis redis;
  redis.end();
  asio::io_context loop;
  Metrics metrics;
  Client client(loop.get_executor(), redis.options(), metrics);
  spawn(loop.get_executor(), "redis", client.run());
  auto story = [&]() -> Task<void> {
    co_await sleep_for(milliseconds(200));
    EXPECT_FALSE(client.connected());
    redis.start();
    const bool up = co_await mqtt::eventually([&] { return client.connected(); });
    EXPECT_TRUE(up);
    client.stop();
  };
  mqtt::play(loop, story());
  EXPECT_NE(metrics.text().find("croft_redis_connected 0"), std::string::npos);
}

}  // namespace croft::redis

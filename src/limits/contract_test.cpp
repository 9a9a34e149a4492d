// What every store of limits must do.
// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>
#include <optional>
#include <thread>

#include "limits/memory.hpp"
#include "limits/redis.hpp"
#include "redis/test_redis.hpp"

namespace croft::limits {
namespace {

constexpr Milliseconds kRefill{1500};
constexpr Limit kThree{"three", 3, kRefill};
constexpr Limit kOne{"one", 1, kRefill};

class InMemory {
 public:
  explicit InMemory(asio::io_context&) {}
  Store& store() { return store_; }
  void pass(Milliseconds time) { clock_.advance(time); }

 private:
  HandClock clock_;
  Memory store_{clock_};
};

class InRedis {
 public:
  explicit InRedis(asio::io_context& loop)
      : client_(loop.get_executor(), server_.options(), metrics_) {
    spawn(loop.get_executor(), "redis", client_.run());
    auto up = [this]() -> Task<void> {
      co_await mqtt::eventually([this] { return client_.connected(); });
    };
    mqtt::play(loop, up());
  }
  Store& store() { return store_; }
  // Its clock is its own, and cannot be turned.
  void pass(Milliseconds time) { std::this_thread::sleep_for(time); }

 private:
  redis::TestRedis server_;
  Metrics metrics_;
  redis::Client client_;
  Redis store_{client_};
};

template <class Driver>
class LimitsContract : public testing::Test {
 protected:
  Result<> wait(Task<Result<>> task) {
    std::optional<Result<>> result;
    auto story = [&]() -> Task<void> {
      auto value = co_await std::move(task);
      result.emplace(std::move(value));
    };
    mqtt::play(loop_, story());
    return std::move(*result);
  }
  Store& store() { return driver_.store(); }
  bool take(const Limit& limit, const std::string& key) {
    const auto taken = wait(store().take(limit, key));
    EXPECT_TRUE(taken || taken.error().code == Code::too_many);
    return taken.has_value();
  }

  asio::io_context loop_;
  Driver driver_{loop_};
};

using Drivers = testing::Types<InMemory, InRedis>;
TYPED_TEST_SUITE(LimitsContract, Drivers);

}  // namespace

TYPED_TEST(LimitsContract, AllowsABurstThenOneARefill) {
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(this->take(kThree, "a"));
  const auto refused = this->wait(this->store().take(kThree, "a"));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Code::too_many);
  EXPECT_GE(refused.error().retry_after_seconds, 1);
  EXPECT_LE(refused.error().retry_after_seconds, 2);
  this->driver_.pass(kRefill);
  EXPECT_TRUE(this->take(kThree, "a"));
  EXPECT_FALSE(this->take(kThree, "a"));
}

TYPED_TEST(LimitsContract, FillsABucketToItsBurstAndNoFurther) {
  EXPECT_TRUE(this->take(kOne, "a"));
  this->driver_.pass(3 * kRefill);
  EXPECT_TRUE(this->take(kOne, "a"));
  EXPECT_FALSE(this->take(kOne, "a"));
}

TYPED_TEST(LimitsContract, KeepsKeysAndLimitsApart) {
  EXPECT_TRUE(this->take(kOne, "a"));
  EXPECT_FALSE(this->take(kOne, "a"));
  EXPECT_TRUE(this->take(kOne, "b"));
  EXPECT_TRUE(this->take(kThree, "a"));
}

TYPED_TEST(LimitsContract, ChecksWithoutTaking) {
  for (int i = 0; i < 5; ++i) EXPECT_TRUE(this->wait(this->store().check(kOne, "a")));
  EXPECT_TRUE(this->take(kOne, "a"));
  const auto refused = this->wait(this->store().check(kOne, "a"));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Code::too_many);
}

TYPED_TEST(LimitsContract, Forgives) {
  EXPECT_TRUE(this->take(kOne, "a"));
  EXPECT_TRUE(this->wait(this->store().forgive(kOne, "a")));
  EXPECT_TRUE(this->take(kOne, "a"));
}

TEST(LimitsInMemory, RemembersABoundedNumberOfKeys) {
  asio::io_context loop;
  HandClock clock;
  Memory store(clock);
  std::size_t taken = 0;
  auto story = [&]() -> Task<void> {
    for (std::size_t i = 0; i < Memory::kMostKeys + 5; ++i) {
      const auto one = co_await store.take(kOne, "k" + std::to_string(i));
      taken += one.has_value() ? 1 : 0;
    }
    const auto forgotten = co_await store.take(kOne, "k0");
    taken += forgotten.has_value() ? 1 : 0;
  };
  spawn(loop.get_executor(), "test", story());
  loop.run();
  EXPECT_EQ(taken, Memory::kMostKeys + 6);
}

TEST(LimitsInRedis, AreCountedTogetherByAllProcesses) {
  redis::TestRedis server;
  asio::io_context loop;
  Metrics metrics;
  redis::Client first(loop.get_executor(), server.options(), metrics);
  redis::Client second(loop.get_executor(), server.options(), metrics);
  for (auto* client : {&first, &second}) spawn(loop.get_executor(), "redis", client->run());
  Redis one(first);
  Redis other(second);
  constexpr Limit kTen{"ten", 10, std::chrono::minutes(10)};
  int taken = 0;
  int answered = 0;
  auto attempt = [&](Redis& store) -> Task<void> {
    const auto allowed = co_await store.take(kTen, "alice 192.0.2.1");
    taken += allowed ? 1 : 0;
    ++answered;
  };
  auto story = [&]() -> Task<void> {
    co_await mqtt::eventually([&] { return first.connected() && second.connected(); });
    for (int i = 0; i < 50; ++i) {
      spawn(loop.get_executor(), "test", attempt(one));
      spawn(loop.get_executor(), "test", attempt(other));
    }
    co_await mqtt::eventually([&] { return answered == 100; });
    const auto left_ms = server.cli({"PTTL", "croft:limit:ten:alice 192.0.2.1"});
    EXPECT_GT(std::stoll(left_ms), 0) << "a bucket must not stay for ever";
    first.stop();
    second.stop();
  };
  mqtt::play(loop, story());
  EXPECT_EQ(taken, 10);
}

TEST(LimitsInRedis, LetNothingThroughThatCannotBeCounted) {
  redis::TestRedis server;
  asio::io_context loop;
  Metrics metrics;
  auto options = server.options();
  options.limit = Milliseconds(200);
  redis::Client client(loop.get_executor(), options, metrics);
  spawn(loop.get_executor(), "redis", client.run());
  Redis store(client);
  auto story = [&]() -> Task<void> {
    co_await mqtt::eventually([&] { return client.connected(); });
    server.pause();
    const auto taken = co_await store.take(kOne, "a");
    EXPECT_EQ(taken.error().code, Code::unavailable);
    const auto checked = co_await store.check(kOne, "a");
    EXPECT_EQ(checked.error().code, Code::unavailable);
    EXPECT_GT(checked.error().retry_after_seconds, 0);
    const auto forgiven = co_await store.forgive(kOne, "a");
    EXPECT_EQ(forgiven.error().code, Code::unavailable);
    server.resume();
    client.stop();
  };
  mqtt::play(loop, story());
}

}  // namespace croft::limits

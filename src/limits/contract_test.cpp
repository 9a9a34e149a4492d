// What every store of limits must do.
// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>

#include "limits/memory.hpp"

namespace croft::limits {
namespace {

constexpr Limit kThree{"three", 3, Seconds(10)};
constexpr Limit kOne{"one", 1, Seconds(10)};

class LimitsContract : public testing::Test {
 protected:
  Result<> wait(Task<Result<>> task) {
    std::optional<Result<>> result;
    auto story = [&]() -> Task<void> {
      auto value = co_await std::move(task);
      result.emplace(std::move(value));
    };
    spawn(loop_.get_executor(), "test", story());
    loop_.restart();
    loop_.run();
    return std::move(*result);
  }
  bool take(const Limit& limit, const std::string& key) {
    return wait(store_.take(limit, key)).has_value();
  }

  asio::io_context loop_;
  HandClock clock_;
  Memory store_{clock_};
};

}  // namespace

TEST_F(LimitsContract, AllowsABurstThenOneARefill) {
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(take(kThree, "a"));
  const auto refused = wait(store_.take(kThree, "a"));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Code::too_many);
  EXPECT_EQ(refused.error().retry_after_seconds, 10);
  clock_.advance(Seconds(10));
  EXPECT_TRUE(take(kThree, "a"));
  EXPECT_FALSE(take(kThree, "a"));
}

TEST_F(LimitsContract, KeepsKeysAndLimitsApart) {
  EXPECT_TRUE(take(kOne, "a"));
  EXPECT_FALSE(take(kOne, "a"));
  EXPECT_TRUE(take(kOne, "b"));
  EXPECT_TRUE(take(kThree, "a"));
}

TEST_F(LimitsContract, ChecksWithoutTaking) {
  for (int i = 0; i < 5; ++i) EXPECT_TRUE(wait(store_.check(kOne, "a")));
  EXPECT_TRUE(take(kOne, "a"));
  const auto refused = wait(store_.check(kOne, "a"));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Code::too_many);
}

TEST_F(LimitsContract, Forgives) {
  EXPECT_TRUE(take(kOne, "a"));
  EXPECT_TRUE(wait(store_.forgive(kOne, "a")));
  EXPECT_TRUE(take(kOne, "a"));
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

}  // namespace croft::limits

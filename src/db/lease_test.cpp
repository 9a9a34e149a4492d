// A lease on a real PostgreSQL: one holder at a time, and no write of the last one.
// SPDX-License-Identifier: Apache-2.0
#include "db/lease.hpp"

#include <gtest/gtest.h>

#include <thread>

#include "db/test_database.hpp"

namespace croft::db {
namespace {

using std::chrono::milliseconds;

struct Fenced : std::runtime_error {
  using std::runtime_error::runtime_error;
};

struct Replica {
  Replica(const std::string& url, std::string holder, milliseconds length)
      : database(open_postgres({.url = url,
                                .may_write =
                                    [this](Connection& connection) {
                                      if (lease && !lease->held(connection)) throw Fenced("fenced");
                                    }})),
        lease(std::make_unique<Lease>(*database, "data", std::move(holder), length)) {}
  void renew() {
    database->write_now([this](Connection& connection) { lease->renew(connection); });
  }

  std::unique_ptr<Database> database;
  std::unique_ptr<Lease> lease;
};

constexpr milliseconds kLong{60'000};
constexpr milliseconds kShort{150};

}  // namespace

class Leases : public testing::Test {
 protected:
  std::string url_ = TestPostgres::shared().fresh();
};

TEST_F(Leases, OneHolderAtATime) {
  Replica one(url_, "one", kLong);
  Replica two(url_, "two", kLong);
  EXPECT_TRUE(one.lease->take());
  EXPECT_FALSE(two.lease->take());
  EXPECT_FALSE(two.lease->taken());
}

TEST_F(Leases, WhoDiesAndComesBackHasItAtOnce) {
  {
    Replica before(url_, "one", kLong);
    ASSERT_TRUE(before.lease->take());
  }
  Replica after(url_, "one", kLong);
  EXPECT_TRUE(after.lease->take());
}

TEST_F(Leases, IsTakenOverWhenItRanOutAndItsLastHolderCanWriteNoMore) {
  Replica one(url_, "one", kShort);
  Replica two(url_, "two", kLong);
  ASSERT_TRUE(one.lease->take());
  std::this_thread::sleep_for(2 * kShort);
  EXPECT_NO_THROW(one.renew());  // nobody took it meanwhile
  EXPECT_FALSE(two.lease->take());
  std::this_thread::sleep_for(2 * kShort);
  ASSERT_TRUE(two.lease->take());
  EXPECT_THROW(one.renew(), Fenced);
  EXPECT_NO_THROW(two.renew());
}

TEST_F(Leases, IsFreeWhenItWasGivenBack) {
  Replica one(url_, "one", kLong);
  Replica two(url_, "two", kLong);
  ASSERT_TRUE(one.lease->take());
  one.database->write_now([&](Connection& connection) { one.lease->give_back(connection); });
  EXPECT_TRUE(two.lease->take());
}

}  // namespace croft::db

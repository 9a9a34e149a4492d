// Tests of the list of triggers: switched off, moved, removed, and no more than there may be.
// SPDX-License-Identifier: Apache-2.0
#include "command/watch.hpp"

#include "command/test_watch.hpp"
#include "db/test_database.hpp"

namespace croft::command {
namespace {

class WatchListTest : public WatchHouse {
 protected:
  WatchListTest() : WatchHouse(db::test_database()) {}
};

}  // namespace

TEST_F(WatchListTest, ClearsWhenDisabledAndBeginsAnewWhenEnabled) {
  auto trigger = make(above(30));
  hear(31);
  trigger.enabled = false;
  play(*loop_, [&]() -> Task<void> {
    const auto changed = co_await life_->watch.change(trigger);
    EXPECT_TRUE(changed);
  }());
  EXPECT_TRUE(alerts()[0].cleared);
  clock_.advance(Seconds(1));
  hear(31);
  EXPECT_EQ(alerts().size(), 1U);
  trigger.enabled = true;
  play(*loop_, [&]() -> Task<void> {
    const auto changed = co_await life_->watch.change(trigger);
    EXPECT_TRUE(changed);
  }());
  restart();
  clock_.advance(Seconds(1));
  hear(31);
  EXPECT_EQ(alerts().size(), 2U);
}

TEST_F(WatchListTest, MovesToAnotherDevice) {
  auto trigger = make(above(30));
  trigger.device = kPump;
  play(*loop_, [&]() -> Task<void> {
    const auto changed = co_await life_->watch.change(trigger);
    EXPECT_TRUE(changed);
  }());
  hear(31);
  EXPECT_EQ(alerts().size(), 0U);
  auto there = reading(31);
  there.device = kPump;
  play(*loop_, keep({there}));
  EXPECT_EQ(alerts().size(), 1U);
  EXPECT_EQ(alerts()[0].device, kPump);
}

TEST_F(WatchListTest, ClearsTheAlertOfARemovedTriggerAndKeepsIt) {
  const auto trigger = make(above(30));
  hear(31);
  play(*loop_, life_->watch.remove(trigger.id));
  ASSERT_EQ(alerts().size(), 1U);
  EXPECT_TRUE(alerts()[0].cleared);
  EXPECT_EQ(life_->watch.find(trigger.id, kAlice), nullptr);
  restart();
  EXPECT_EQ(life_->watch.find(trigger.id, kAlice), nullptr);
}

TEST_F(WatchListTest, ForgetsTriggersAndAlertsWithTheirDevice) {
  const auto trigger = make(above(30));
  hear(31);
  directory_.remove(kBed);
  life_->feed.device_removed.publish({{kBed, kAlice, "Bed"}});
  play(*loop_, [&]() -> Task<void> {
    const bool gone = co_await eventually([&] { return alerts().empty(); });
    EXPECT_TRUE(gone);
  }());
  EXPECT_EQ(count("SELECT COUNT(*) FROM triggers"), 0);
  EXPECT_EQ(life_->watch.find(trigger.id, kAlice), nullptr);
}

TEST_F(WatchListTest, RefusesMoreTriggersThanADeviceCanHave) {
  for (std::size_t i = 0; i < Watch::kMostPerDevice; ++i) make(above(30));
  play(*loop_, [&]() -> Task<void> {
    const auto refused = co_await life_->watch.add(above(30));
    EXPECT_EQ(refused.error().code, Code::conflict);
  }());
}

}  // namespace croft::command

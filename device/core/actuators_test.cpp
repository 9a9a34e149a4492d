// Tests of switching and of switching back in time.
// SPDX-License-Identifier: Apache-2.0
#include "device/core/actuators.hpp"

#include <gtest/gtest.h>

#include "device/core/scripted.hpp"

namespace croft::core {
namespace {

struct Panel {
  std::array<Actuator, 3> list{{{"led", false, 0}, {"pump", false, 60}, {"vent", true, 0}}};
  ScriptedBoard board;
  Actuators actuators{list.data(), list.size(), board};

  bool at(std::uint64_t ms) {
    board.uptime = ms;
    return actuators.tick();
  }
};

TEST(Actuators, StartInTheirSafeState) {
  Panel panel;
  panel.actuators.start();
  EXPECT_FALSE(panel.board.actuators[0]);
  EXPECT_FALSE(panel.board.actuators[1]);
  EXPECT_TRUE(panel.board.actuators[2]);
  EXPECT_EQ(panel.actuators.next_due_ms(), kNever);
}

TEST(Actuators, ReturnToTheOppositeAfterFor) {
  Panel panel;
  panel.actuators.start();
  EXPECT_TRUE(panel.actuators.command(0, true, 10));
  EXPECT_TRUE(panel.actuators.command(2, false, 20));
  EXPECT_EQ(panel.actuators.next_due_ms(), 10'000u);
  EXPECT_FALSE(panel.at(9'999));
  EXPECT_TRUE(panel.at(10'000));
  EXPECT_FALSE(panel.board.actuators[0]);
  EXPECT_TRUE(panel.at(20'000));
  EXPECT_TRUE(panel.board.actuators[2]);
  EXPECT_EQ(panel.actuators.next_due_ms(), kNever);
}

TEST(Actuators, ANewCommandReplacesTheOldReturn) {
  Panel panel;
  panel.actuators.start();
  panel.actuators.command(0, true, 10);
  panel.actuators.command(0, true, std::nullopt);
  EXPECT_FALSE(panel.at(1'000'000));
  EXPECT_TRUE(panel.actuators.is_on(0));
}

TEST(Actuators, NothingStaysOnLongerThanItMay) {
  Panel panel;
  panel.actuators.start();
  panel.actuators.command(1, true, 600);
  panel.at(50'000);
  panel.actuators.command(1, true, std::nullopt);  // does not renew the limit
  EXPECT_FALSE(panel.at(59'999));
  EXPECT_TRUE(panel.at(60'000));
  EXPECT_FALSE(panel.actuators.is_on(1));
  EXPECT_FALSE(panel.at(700'000));
  panel.actuators.command(1, true, std::nullopt);
  EXPECT_EQ(panel.actuators.next_due_ms(), 760'000u);
  panel.actuators.command(1, false, 10);  // off, then on again: limited as well
  EXPECT_TRUE(panel.at(710'000));
  EXPECT_TRUE(panel.actuators.is_on(1));
  EXPECT_TRUE(panel.at(770'000));
  EXPECT_FALSE(panel.actuators.is_on(1));
}

TEST(Actuators, AReturnTheBoardRefusesIsTriedAgain) {
  Panel panel;
  panel.actuators.start();
  panel.actuators.command(0, true, 10);
  panel.board.can_switch = false;
  EXPECT_FALSE(panel.at(10'000));
  EXPECT_TRUE(panel.actuators.is_on(0));
  EXPECT_EQ(panel.actuators.next_due_ms(), 11'000u);
  panel.board.can_switch = true;
  EXPECT_TRUE(panel.at(11'000));
  EXPECT_FALSE(panel.board.actuators[0]);
}

TEST(Actuators, ASafeStateTheBoardRefusesIsTriedAgain) {
  Panel panel;
  panel.board.can_switch = false;
  panel.actuators.start();
  panel.board.can_switch = true;
  EXPECT_TRUE(panel.at(1'000));
  EXPECT_TRUE(panel.board.actuators.count(0) == 1 && !panel.board.actuators[0]);
}

}  // namespace
}  // namespace croft::core

// Tests of the heap of appointments, and of the files with boot numbers.
// SPDX-License-Identifier: Apache-2.0
#include "device/sim/agenda.hpp"

#include <gtest/gtest.h>
#include <stdlib.h>

#include <map>
#include <random>
#include <stdexcept>
#include <string>

#include "device/sim/boot_files.hpp"

namespace croft::sim {
namespace {

TEST(Agenda, CallsTheEarliestFirstAndEachOnce) {
  Agenda agenda(3);
  EXPECT_EQ(agenda.next_due_ms(), Agenda::kNever);
  agenda.add(0, 30);
  agenda.add(1, 10);
  agenda.add(2, Agenda::kNever);
  EXPECT_EQ(agenda.next_due_ms(), 10u);
  EXPECT_FALSE(agenda.take(9));
  EXPECT_EQ(agenda.take(50), 1u);
  EXPECT_EQ(agenda.take(50), 0u);
  EXPECT_FALSE(agenda.take(50));
}

TEST(Agenda, AnEarlierAppointmentReplacesALaterOneButNotTheOtherWayRound) {
  Agenda agenda(1);
  agenda.add(0, 30);
  agenda.add(0, 20);
  agenda.add(0, 40);
  EXPECT_EQ(agenda.take(25), 0u);
  EXPECT_FALSE(agenda.take(100));
  agenda.add(0, 30);
  EXPECT_EQ(agenda.take(100), 0u);
  EXPECT_FALSE(agenda.take(100));
}

TEST(Agenda, AgreesWithASimpleListUnderAnySequence) {
  std::mt19937 random(1);
  Agenda agenda(20);
  std::map<std::uint32_t, std::uint64_t> list;
  for (std::uint64_t now = 0; now < 20'000; ++now) {
    const std::uint32_t who = random() % 20;
    const std::uint64_t due = now + random() % 50;
    agenda.add(who, due);
    if (list.count(who) == 0 || due < list[who]) list[who] = due;
    while (const auto taken = agenda.take(now)) {
      ASSERT_TRUE(list.count(*taken) == 1 && list[*taken] <= now);
      list.erase(*taken);
    }
    for (const auto& [left, left_due] : list) ASSERT_GT(left_due, now) << left;
  }
}

class BootFilesTest : public testing::Test {
 protected:
  BootFilesTest() {
    std::string name = (std::filesystem::temp_directory_path() / "croft-boot-XXXXXX").string();
    directory_ = ::mkdtemp(name.data());
  }
  ~BootFilesTest() override { std::filesystem::remove_all(directory_); }
  std::filesystem::path directory_;
};

TEST_F(BootFilesTest, KeepTheirNumberBetweenRuns) {
  {
    const BootFiles files(directory_ / "deep" / "er");
    EXPECT_FALSE(files.load("d1"));
    EXPECT_TRUE(files.save("d1", 4294967295u));
    EXPECT_TRUE(files.save("d2", 1));
  }
  const BootFiles again(directory_ / "deep" / "er");
  EXPECT_EQ(again.load("d1"), 4294967295u);
  EXPECT_EQ(again.load("d2"), 1u);
}

TEST_F(BootFilesTest, WithoutADirectoryKnowNothingAndWithABadOneSaySo) {
  const BootFiles none{std::filesystem::path()};
  EXPECT_TRUE(none.save("d1", 7));
  EXPECT_FALSE(none.load("d1"));
  EXPECT_THROW(BootFiles("/dev/null/boots"), std::runtime_error);
}

}  // namespace
}  // namespace croft::sim

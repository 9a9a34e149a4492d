// Tests of what is kept of refused messages.
// SPDX-License-Identifier: Apache-2.0
#include "data/refused.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <boost/asio/io_context.hpp>

#include "data/test_parts.hpp"
#include "db/test_database.hpp"
#include "mqtt/test_broker.hpp"

namespace croft::data {
namespace {

class RefusedTest : public testing::Test {
 protected:
  void SetUp() override {
    directory_.put({DeviceId("d1"), UserId("alice"), "Bed"});
    directory_.put({DeviceId("d2"), UserId("alice"), "Bed"});
  }
  void note(std::string_view device, std::string_view reason, std::string_view payload = "{") {
    refusals_.note(device, clock_.now(), reason, "at byte 1", payload);
  }
  // Lets everything noted be written.
  void write() {
    refusals_.stop();
    mqtt::play(loop_, refusals_.run());
  }
  std::string list(std::vector<std::string> devices = {"d1", "d2"}, std::size_t limit = 1000) {
    return database_.read_now(
        [&](db::Connection& connection) { return list_refused(connection, devices, limit); });
  }
  std::size_t count(std::string_view text, std::string_view what) {
    std::size_t found = 0;
    for (auto at = text.find(what); at != text.npos; at = text.find(what, at + 1)) ++found;
    return found;
  }

  asio::io_context loop_;
  BreakableDatabase database_{with_tables(db::test_database())};
  DeviceDirectory directory_;
  HandClock clock_{kNoon};
  Metrics metrics_;
  Refusals refusals_{loop_.get_executor(), database_, directory_, clock_, metrics_};
};

TEST_F(RefusedTest, KeepsAMessageForItsOwnerToSee) {
  note("d1", "badJson", "{\"t\":\xff}");
  write();
  EXPECT_EQ(
      list(),
      "{\"refused\":[{\"device\":\"d1\",\"time\":\"2025-11-22T12:00:00.000Z\","
      "\"reason\":\"badJson\",\"detail\":\"at byte 1\",\"payload\":\"{\\\"t\\\":\xEF\xBF\xBD}\"}],"
      "\"totals\":[{\"device\":\"d1\",\"reason\":\"badJson\",\"count\":1}],\"next\":null}");
  EXPECT_EQ(list({"d2"}), R"({"refused":[],"totals":[],"next":null})");
}

TEST_F(RefusedTest, CountsEveryMessageButKeepsAFloodOnlyInPart) {
  for (int i = 0; i < 10'000; ++i) note("d1", "badJson");
  for (int i = 0; i < 3; ++i) note("d2", "badName");
  clock_.advance(Seconds(10));
  for (int i = 0; i < 10'000; ++i) note("d1", "badValue");
  write();
  const auto text = list();
  EXPECT_EQ(count(text, "\"payload\""), 20U + 2U + 3U);
  EXPECT_EQ(count(text, "\"reason\":\"badJson\",\"count\":10000"), 1U);
  EXPECT_EQ(count(text, "\"reason\":\"badValue\",\"count\":10000"), 1U);
  EXPECT_NE(metrics_.text().find("croft_data_refused_total{reason=\"badJson\"} 10000"),
            std::string::npos);
}

TEST_F(RefusedTest, KeepsTheNewestHundredOfADevice) {
  for (int i = 0; i < 150; ++i) {
    note("d1", "badJson", "message " + std::to_string(i));
    clock_.advance(Seconds(5));
  }
  write();
  const auto text = list();
  EXPECT_EQ(count(text, "\"payload\""), 100U);
  EXPECT_LT(text.find("message 149"), text.find("message 148"));
  EXPECT_EQ(text.find("message 49\""), text.npos);
  EXPECT_EQ(count(list({"d1"}, 7), "\"payload\""), 7U);
}

TEST_F(RefusedTest, CutsALongPayload) {
  note("d1", "tooLarge", std::string(70'000, '#'));
  write();
  const auto text = list();
  EXPECT_EQ(std::ranges::count(text, '#'), 4096);
}

TEST_F(RefusedTest, CountsButDoesNotKeepWhatNobodyCouldSee) {
  note("stranger", "unknownDevice");
  write();
  EXPECT_EQ(list({"stranger"}), R"({"refused":[],"totals":[],"next":null})");
  EXPECT_NE(metrics_.text().find("{reason=\"unknownDevice\"} 1"), std::string::npos);
}

TEST_F(RefusedTest, BoundsTheNumberOfReasons) {
  for (int i = 0; i < 200; ++i) note("d1", "reason" + std::to_string(i));
  write();
  EXPECT_LE(count(list(), "\"count\""), 41U);
  EXPECT_NE(metrics_.text().find("{reason=\"other\"} 160"), std::string::npos);
}

TEST_F(RefusedTest, KeepsTheCountsWhenTheStoreIsBrokenForAWhile) {
  database_.break_writes(BreakableDatabase::Break::half_way);
  note("d1", "badJson");
  spawn(loop_.get_executor(), "test", refusals_.run());
  while (database_.failed() == 0) loop_.run_one_for(std::chrono::milliseconds(5));
  note("d1", "badJson");
  refusals_.stop();
  loop_.run_for(std::chrono::seconds(20));
  EXPECT_EQ(count(list(), "\"count\":2"), 1U);
}

TEST_F(RefusedTest, ForgetsARemovedDevice) {
  note("d1", "badJson");
  note("d2", "badJson");
  refusals_.forget("d1");
  write();
  EXPECT_EQ(count(list(), "\"payload\""), 1U);
}

}  // namespace
}  // namespace croft::data

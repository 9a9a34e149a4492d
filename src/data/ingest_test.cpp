// Tests of the journey of a message, with deliveries made by hand and a database that breaks.
// SPDX-License-Identifier: Apache-2.0
#include "data/ingest.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <boost/asio/io_context.hpp>

#include "data/test_parts.hpp"
#include "db/test_database.hpp"
#include "mqtt/test_broker.hpp"

namespace croft::data {
namespace {

TEST(JudgeTime, BelievesANodeWithinReason) {
  const auto judged = [](Instant claimed) { return judge_time(to_ms(claimed), kNoon); };
  EXPECT_FALSE(judged(kNoon - std::chrono::hours(24 * 900)).server_time);
  EXPECT_EQ(judged(kNoon + std::chrono::minutes(5)).time, kNoon + std::chrono::minutes(5));
  EXPECT_FALSE(judged(*parse_instant("2020-01-01T00:00:00Z")).server_time);
}

TEST(JudgeTime, TakesTheServersTimeForAMadOrMissingOne) {
  const auto mad = judge_time(to_ms(kNoon + std::chrono::minutes(5)) + 1, kNoon);
  EXPECT_TRUE(mad.server_time);
  EXPECT_EQ(mad.time, kNoon);
  EXPECT_TRUE(judge_time(to_ms(*parse_instant("2019-12-31T23:59:59.999Z")), kNoon).server_time);
  EXPECT_TRUE(judge_time(0, kNoon).server_time);
  EXPECT_TRUE(judge_time(std::nullopt, kNoon).server_time);
}

class IngestTest : public testing::Test {
 protected:
  void SetUp() override {
    directory_.put({DeviceId("d1"), UserId("alice"), "Bed"});
    heard_ = feed_.reading_stored.subscribe(
        [this](const live::ReadingStored& event) { told_.push_back(event.reading); });
  }
  void receive(std::string_view payload, int qos = 1, const char* device = "d1",
               bool retained = false) {
    ingest_->receive(DeviceId(device),
                     TestPost::delivery(post_, "croft/v1/d1/telemetry", payload, qos, retained));
  }
  void make(WriterConfig config = {}) {
    writer_ = std::make_unique<Writer>(config, loop_.get_executor(), database_, metrics_);
    ingest_ = std::make_unique<Ingest>(
        Ingest::Needs{mqtt_, directory_, feed_, devices_, clock_, metrics_, *writer_, refusals_});
  }
  // Lets everything received come to its end.
  void finish() {
    ingest_->close();
    writer_->stop();
    mqtt::play(loop_, writer_->run());
  }
  std::vector<Milliseconds> told_offsets() const {
    std::vector<Milliseconds> offsets;
    for (const auto& reading : told_) offsets.push_back(reading.time - kNoon);
    return offsets;
  }
  bool refused_for(std::string_view reason) const {
    return metrics_.text().find("reason=\"" + std::string(reason) + "\"") != std::string::npos;
  }

  asio::io_context loop_;
  BreakableDatabase database_{with_tables(db::test_database())};
  DeviceDirectory directory_;
  live::Feed feed_;
  HandClock clock_{kNoon};
  Metrics metrics_;
  mqtt::Client mqtt_{loop_.get_executor(), {}};
  live::Devices devices_{directory_, feed_, clock_};
  Refusals refusals_{loop_.get_executor(), database_, directory_, clock_, metrics_};
  std::shared_ptr<TestPost> post_ = std::make_shared<TestPost>();
  std::unique_ptr<Writer> writer_;
  std::unique_ptr<Ingest> ingest_;
  std::vector<Reading> told_;
  live::Signal<live::ReadingStored>::Subscription heard_;
};

TEST_F(IngestTest, AcknowledgesWhenTheKeepersOfItsReadingsHaveDoneTheirPart) {
  std::vector<Reading> to_keep;
  std::function<void()> kept;
  feed_.keepers.push_back({[](const DeviceId& device) { return device.str() == "d1"; },
                           [&](std::vector<Reading> readings, std::function<void()> done) {
                             to_keep = std::move(readings);
                             kept = std::move(done);
                           }});
  feed_.keepers.push_back({[](const DeviceId&) { return false; }, nullptr});
  make();
  receive(R"([{"a":1},{"a":2}])");
  finish();
  ASSERT_EQ(to_keep.size(), 2U);
  EXPECT_EQ(to_keep[1].values[0].name, "a");
  EXPECT_EQ(told_.size(), 2U);
  EXPECT_TRUE(post_->acknowledged.empty());
  kept();
  EXPECT_EQ(post_->acknowledged.size(), 1U);
}

TEST_F(IngestTest, GivesKeepersAgainWhatCameAgain) {
  int given = 0;
  feed_.keepers.push_back({[](const DeviceId&) { return true; },
                           [&](const std::vector<Reading>& readings, const std::function<void()>&) {
                             given += static_cast<int>(readings.size());
                           }});
  make();
  receive(R"({"a":1,"boot":1,"seq":1})");
  receive(R"({"a":1,"boot":1,"seq":1})");
  finish();
  EXPECT_EQ(told_.size(), 1U);
  EXPECT_EQ(given, 2);
  EXPECT_TRUE(post_->acknowledged.empty());
}

TEST_F(IngestTest, TellsTheLiveViewAndAcknowledgesWhatIsStored) {
  make();
  receive(R"({"temperature":23.5,"on":true,"time":"2025-11-22T11:59:59Z"})");
  finish();
  ASSERT_EQ(told_.size(), 1U);
  EXPECT_EQ(told_[0].device.str(), "d1");
  EXPECT_EQ(told_[0].time, kNoon - Seconds(1));
  EXPECT_EQ(told_[0].received, kNoon);
  EXPECT_EQ(told_[0].values, (std::vector<Measurement>{{"temperature", 23.5}, {"on", true}}));
  EXPECT_EQ(post_->acknowledged, std::vector<std::uint16_t>{1});
}

TEST_F(IngestTest, AcknowledgesOnlyAfterTheCommit) {
  make();
  database_.break_writes(BreakableDatabase::Break::half_way, 2);
  receive(R"({"temperature":23.5})");
  spawn(loop_.get_executor(), "test", writer_->run());
  while (database_.failed() < 2) loop_.run_one_for(std::chrono::milliseconds(10));
  EXPECT_TRUE(post_->acknowledged.empty());
  EXPECT_TRUE(told_.empty());
  while (post_->acknowledged.empty()) loop_.run_one_for(std::chrono::milliseconds(10));
  EXPECT_EQ(told_.size(), 1U);
}

TEST_F(IngestTest, AcknowledgesNothingThatTheStoreNeverTook) {
  make();
  database_.break_writes(BreakableDatabase::Break::before, 1000);
  receive(R"({"temperature":23.5})");
  finish();
  EXPECT_TRUE(post_->acknowledged.empty());
  EXPECT_TRUE(told_.empty());
}

TEST_F(IngestTest, TellsReadingsInTheOrderOfTheirComing) {
  make();
  std::vector<Milliseconds> expected;
  for (int i = 0; i < 50; ++i) {
    const auto later = to_ms(kNoon) - 1000 + 2 * i;
    receive("[{\"t\":1,\"time\":" + std::to_string(later) +
            "},{\"t\":2,\"time\":" + std::to_string(later + 1) + "}]");
    expected.push_back(Milliseconds(2 * i - 1000));
    expected.push_back(Milliseconds(2 * i - 999));
  }
  finish();
  EXPECT_EQ(told_offsets(), expected);
  EXPECT_EQ(post_->acknowledged.size(), 50U);
}

TEST_F(IngestTest, AcknowledgesADuplicateWithoutTellingItAgain) {
  make();
  receive(R"({"t":1,"boot":1,"seq":1})");
  receive(R"({"t":1,"boot":1,"seq":1})");
  finish();
  EXPECT_EQ(told_.size(), 1U);
  EXPECT_EQ(post_->acknowledged.size(), 2U);
}

TEST_F(IngestTest, RefusesAndAcknowledgesWhatIsNoReading) {
  make();
  receive("{");
  receive(R"({"t":NaN})");
  receive(R"({"1t":1})");
  receive("[]");
  receive(std::string(70'000, ' '));
  receive(R"([{"t":1},{"t":"x"}])");
  receive(R"({"t":1})", 1, "stranger");
  finish();
  EXPECT_EQ(post_->acknowledged.size(), 7U);
  EXPECT_TRUE(told_.empty());
  for (const auto* reason :
       {"badJson", "badValue", "badName", "empty", "tooLarge", "unknownDevice"})
    EXPECT_TRUE(refused_for(reason)) << reason;
}

TEST_F(IngestTest, RefusesARetainedReadingThatWouldCountAgainAtEachStart) {
  make();
  receive(R"({"t":1})", 1, "d1", true);
  receive(R"({"t":1,"time":1763812000})", 1, "d1", true);
  finish();
  EXPECT_EQ(told_.size(), 1U);
  EXPECT_EQ(post_->acknowledged.size(), 2U);
  EXPECT_TRUE(refused_for("retained"));
}

TEST_F(IngestTest, DropsQos0ButHoldsQos1WhenTheStoreIsBehind) {
  make({.max_batch = 5, .max_waiting_readings = 10});
  for (int i = 0; i < 30; ++i) receive("{\"t\":1,\"boot\":1,\"seq\":" + std::to_string(i) + "}");
  EXPECT_FALSE(writer_->has_room());
  for (int i = 0; i < 7; ++i) receive(R"({"t":2})", 0);
  spawn(loop_.get_executor(), "test", writer_->run());
  while (post_->acknowledged.size() < 30) loop_.run_one_for(std::chrono::milliseconds(10));
  EXPECT_EQ(told_.size(), 30U);
  EXPECT_NE(metrics_.text().find("croft_data_dropped_total 7"), std::string::npos);
  EXPECT_TRUE(refused_for("behind")) << "the owner sees it, too";
}

TEST_F(IngestTest, AcknowledgesAlthoughAListenerFailed) {
  make();
  const auto clumsy = feed_.reading_stored.subscribe(
      [](const live::ReadingStored&) { throw std::runtime_error("clumsy"); });
  receive(R"({"t":1})");
  finish();
  EXPECT_EQ(post_->acknowledged.size(), 1U);
}

TEST_F(IngestTest, NotesADeviceWithTooManyNamesAndStoresTheRest) {
  make();
  std::string names = "[";
  for (int i = 0; i < 256; ++i) names += "{\"m" + std::to_string(i) + "\":1},";
  receive(names + R"({"onemore":1},{"m0":2}])");
  finish();
  EXPECT_EQ(told_.size(), 257U);
  EXPECT_EQ(post_->acknowledged.size(), 1U);
  EXPECT_TRUE(refused_for("tooManyNames"));
}

TEST_F(IngestTest, TakesNothingAnyMoreOnceClosed) {
  make();
  receive(R"({"t":1})");
  finish();
  receive(R"({"t":2})");
  loop_.restart();
  loop_.run_for(std::chrono::milliseconds(5));
  EXPECT_EQ(post_->acknowledged.size(), 1U);
}

}  // namespace
}  // namespace croft::data

// Tests of group commit, on a database that breaks on request.
// SPDX-License-Identifier: Apache-2.0
#include "data/writer.hpp"

#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>
#include <filesystem>
#include <set>

#include "base/ids.hpp"
#include "data/test_parts.hpp"
#include "db/sqlite.hpp"

namespace croft::data {
namespace {

class WriterTest : public testing::Test {
 protected:
  void SetUp() override {
    file_ = std::filesystem::temp_directory_path() / ("croft-writer-" + new_id() + ".db");
    database_ = std::make_unique<BreakableDatabase>(with_tables(db::open_sqlite({.file = file_})));
  }
  void TearDown() override {
    database_.reset();
    for (const char* end : {"", "-wal", "-shm"}) std::filesystem::remove(file_.string() + end);
  }
  void make(WriterConfig config = {}) {
    writer_ = std::make_unique<Writer>(config, loop_.get_executor(), *database_, metrics_);
  }
  // Adds one reading and writes down how its batch ended.
  Journey story(Arrival arrival) {
    Share share = writer_->begin();
    writer_->add(share, std::move(arrival));
    co_await share.ended();
    (share.batch->committed ? committed_ : abandoned_)++;
    batches_.insert(share.batch);
  }
  void append(int count, std::uint32_t from = 0) {
    for (std::uint32_t i = from; i < from + static_cast<std::uint32_t>(count); ++i)
      story(numbered("d1", 1, i, kNoon + Seconds(i)));
  }
  void start() { spawn(loop_.get_executor(), "test", writer_->run()); }
  // Lets the writer go on until everything appended has ended.
  void run_out() {
    auto stop = [this]() -> Task<void> {
      co_await writer_->settle();
      writer_->stop();
    };
    spawn(loop_.get_executor(), "test", stop());
    loop_.restart();
    loop_.run_for(std::chrono::seconds(30));
  }
  std::int64_t rows() {
    return database_->read_now([](db::Connection& connection) {
      return *connection.first("SELECT COUNT(*) FROM readings", {},
                               [](const db::Row& row) { return row.integer(0); });
    });
  }

  std::filesystem::path file_;
  asio::io_context loop_;
  Metrics metrics_;
  std::unique_ptr<BreakableDatabase> database_;
  std::unique_ptr<Writer> writer_;
  int committed_ = 0;
  int abandoned_ = 0;
  std::set<std::shared_ptr<Batch>> batches_;
};

TEST_F(WriterTest, CommitsWhatArrivedDuringTheLastCommitTogether) {
  make();
  append(500);
  start();
  run_out();
  EXPECT_EQ(committed_, 500);
  EXPECT_EQ(rows(), 500);
  EXPECT_LE(batches_.size(), 3U);
}

TEST_F(WriterTest, CommitsTheFirstReadingAtOnceAndATrickleTogether) {
  make({.least_interval = std::chrono::milliseconds(300)});
  start();
  append(1);
  const auto began = std::chrono::steady_clock::now();
  while (committed_ < 1) loop_.run_one_for(std::chrono::milliseconds(10));
  EXPECT_LT(std::chrono::steady_clock::now() - began, std::chrono::milliseconds(250));
  for (std::uint32_t i = 1; i < 10; ++i) {
    append(1, i);
    loop_.run_for(std::chrono::milliseconds(5));
  }
  EXPECT_EQ(committed_, 1);
  while (committed_ < 10) loop_.run_one_for(std::chrono::milliseconds(10));
  EXPECT_EQ(batches_.size(), 2U);
}

TEST_F(WriterTest, DoesNotHoldBackABatchThatIsWorthACommit) {
  make({.least_interval = std::chrono::seconds(60)});
  start();
  append(1);
  while (committed_ < 1) loop_.run_one_for(std::chrono::milliseconds(10));
  append(300, 1);
  run_out();
  EXPECT_EQ(committed_, 301);
}

TEST_F(WriterTest, BoundsABatch) {
  make({.max_batch = 100});
  append(1000);
  start();
  run_out();
  EXPECT_EQ(committed_, 1000);
  EXPECT_GE(batches_.size(), 10U);
}

TEST_F(WriterTest, EndsNothingBeforeItIsOnDisk) {
  make();
  database_->break_writes(BreakableDatabase::Break::before, 2);
  append(10);
  start();
  while (database_->failed() < 2) loop_.run_one_for(std::chrono::milliseconds(10));
  EXPECT_EQ(committed_, 0);
  EXPECT_EQ(rows(), 0);
  run_out();
  EXPECT_EQ(committed_, 10);
  EXPECT_EQ(rows(), 10);
}

TEST_F(WriterTest, StoresOnceWhenACommitsOutcomeWasUnknown) {
  make();
  for (const auto how : {BreakableDatabase::Break::after, BreakableDatabase::Break::half_way}) {
    database_->break_writes(how);
    append(10);
    start();
    run_out();
    make();
  }
  EXPECT_EQ(database_->failed(), 2);
  EXPECT_EQ(committed_, 20);
  EXPECT_EQ(rows(), 10);
}

TEST_F(WriterTest, TellsWhenThereIsNoRoomAndWhenThereIsAgain) {
  make({.max_waiting_readings = 100});
  append(99);
  EXPECT_TRUE(writer_->has_room());
  append(1, 99);
  EXPECT_FALSE(writer_->has_room());
  int let_in = 0;
  const auto wait = [&]() -> Journey {
    co_await writer_->room();
    let_in += writer_->has_room() ? 1 : 0;
  };
  wait();
  wait();
  start();
  run_out();
  EXPECT_EQ(let_in, 2);
}

TEST_F(WriterTest, BoundsTheMemoryOfWhatWaits) {
  make({.max_waiting_bytes = 10 * sizeof(Arrival)});
  append(10);
  EXPECT_FALSE(writer_->has_room());
}

TEST_F(WriterTest, GivesUpAfterThreeAttemptsWhenItIsStoppedWithABrokenStore) {
  make({.max_batch = 5});
  database_->break_writes(BreakableDatabase::Break::before, 1000);
  append(20);
  start();
  while (database_->failed() < 1) loop_.run_one_for(std::chrono::milliseconds(10));
  writer_->stop();
  loop_.run_for(std::chrono::seconds(20));
  EXPECT_EQ(abandoned_, 20);
  EXPECT_EQ(committed_, 0);
  EXPECT_LE(database_->failed(), 5);
}

TEST_F(WriterTest, CountsWhatItStores) {
  make();
  append(10);
  append(10);
  start();
  run_out();
  const auto text = metrics_.text();
  EXPECT_NE(text.find("croft_data_readings_stored_total 10"), std::string::npos) << text;
  EXPECT_NE(text.find("croft_data_readings_duplicate_total 10"), std::string::npos);
  EXPECT_NE(text.find("croft_data_waiting_readings 0"), std::string::npos);
}

}  // namespace
}  // namespace croft::data

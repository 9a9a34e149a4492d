// Tests of readings as files.
// SPDX-License-Identifier: Apache-2.0
#include "data/export.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <boost/asio/io_context.hpp>

#include "data/batch_store.hpp"
#include "data/migrations.hpp"
#include "data/test_parts.hpp"
#include "db/test_database.hpp"
#include "mqtt/test_broker.hpp"

namespace croft::data {
namespace {

TEST(Negotiate, TakesTheHighestQualityAndJsonWhenInDoubt) {
  EXPECT_EQ(negotiate(""), Format::json);
  EXPECT_EQ(negotiate("*/*"), Format::json);
  EXPECT_EQ(negotiate("image/png"), Format::json);
  EXPECT_EQ(negotiate("text/csv"), Format::csv);
  EXPECT_EQ(negotiate("Text/CSV; charset=utf-8"), Format::csv);
  EXPECT_EQ(negotiate("text/*"), Format::csv);
  EXPECT_EQ(negotiate("application/x-ndjson"), Format::ndjson);
  EXPECT_EQ(negotiate("application/json, text/csv"), Format::json);
  EXPECT_EQ(negotiate("application/json;q=0.5, text/csv"), Format::csv);
  EXPECT_EQ(negotiate("text/csv, */*;q=0.1"), Format::csv);
  EXPECT_EQ(negotiate("*/*, text/csv"), Format::csv);
  EXPECT_EQ(negotiate("text/csv;q=0, */*"), Format::json);
  EXPECT_EQ(negotiate("text/csv;q=0"), Format::json);
  EXPECT_EQ(negotiate("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"),
            Format::json);
  EXPECT_EQ(negotiate(";;,q=,text/csv;q=x,"), Format::csv);
}

TEST(Csv, HasALineForEachReadingAndACellForEachMeasurement) {
  const std::vector<std::string> columns = {"humidity", "on", "temperature"};
  EXPECT_EQ(csv_header(columns), "device,time,received,humidity,on,temperature\r\n");
  std::string out;
  append_csv(out, reading("d1", kNoon, {{"temperature", -23.5}, {"on", true}, {"new", 1.0}}),
             columns);
  EXPECT_EQ(out, "d1,2025-11-22T12:00:00.000Z,2025-11-22T12:00:00.007Z,,true,-23.5\r\n");
}

class ExportTest : public testing::Test {
 protected:
  void SetUp() override {
    db::migrate(*database_, "data", migrations());
    Batch batch;
    for (int i = 0; i < kRows; ++i) {
      const std::string device = i % 2 == 0 ? "d1" : "d2";
      batch.arrivals.push_back(arrival(device, kNoon + Seconds(i), i));
    }
    batch.arrivals.push_back({reading("d1", kNoon + Seconds(kRows), {{"on", true}}), {}});
    database_->write_now(
        [&](db::Connection& connection) { BatchStore().store(connection, batch); });
  }
  // The whole body; `largest` is the size of its largest piece.
  std::string download(Format format, std::size_t& largest,
                       std::function<bool(const DeviceId&)> may_read) {
    Scan scan({DeviceId("d1"), DeviceId("d2")}, {}, Order::oldest_first, std::nullopt, 1000);
    auto response =
        export_readings(*database_, names_, std::move(scan), format, std::move(may_read));
    EXPECT_NE(response.headers.get("content-disposition").find("attachment"), std::string::npos);
    std::string body;
    mqtt::play(loop_, [&]() -> Task<void> {
      for (bool more = true; more;) {
        std::string piece;
        more = co_await response.stream(piece);
        largest = std::max(largest, piece.size());
        body += piece;
      }
    }());
    return body;
  }

  static constexpr int kRows = 5000;
  asio::io_context loop_;
  std::unique_ptr<db::Database> database_ = db::test_database();
  Names names_;
};

TEST_F(ExportTest, StreamsCsvInPiecesOfBoundedSize) {
  std::size_t largest = 0;
  const auto body = download(Format::csv, largest, [](const DeviceId&) { return true; });
  EXPECT_EQ(std::ranges::count(body, '\n'), kRows + 2);
  EXPECT_TRUE(body.starts_with("device,time,received,on,temperature\r\nd1,2025-11-22T12:00:00"));
  EXPECT_TRUE(body.ends_with(",true,\r\n"));
  EXPECT_LT(largest, 70'000U);
  EXPECT_GT(body.size(), 2 * largest);
}

TEST_F(ExportTest, StreamsOneJsonObjectALine) {
  std::size_t largest = 0;
  const auto body = download(Format::ndjson, largest, [](const DeviceId&) { return true; });
  EXPECT_EQ(std::ranges::count(body, '\n'), kRows + 1);
  EXPECT_EQ(body.substr(0, body.find('\n')),
            R"({"device":"d1","time":"2025-11-22T12:00:00.000Z",)"
            R"("received":"2025-11-22T12:00:00.007Z","values":{"temperature":0}})");
}

TEST_F(ExportTest, LeavesOutADeviceThatChangedHandsMeanwhile) {
  std::size_t largest = 0;
  int asked = 0;
  const auto body = download(Format::csv, largest, [&](const DeviceId& device) {
    return ++asked < 3 || device.str() != "d2";
  });
  EXPECT_LT(std::ranges::count(body, '\n'), kRows);
  EXPECT_GT(std::ranges::count(body, '\n'), kRows / 2);
}

}  // namespace
}  // namespace croft::data

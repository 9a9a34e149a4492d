// Tests of the data service's HTTP answers.
// SPDX-License-Identifier: Apache-2.0
#include "data/routes.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <boost/json.hpp>

#include "data/batch_store.hpp"
#include "data/test_parts.hpp"
#include "db/test_database.hpp"
#include "mqtt/test_broker.hpp"

namespace croft::data {
namespace {

using boost::json::value;

class RoutesTest : public testing::Test {
 protected:
  void SetUp() override {
    directory_.put({DeviceId("d1"), UserId("alice"), "Bed 1"});
    directory_.put({DeviceId("d2"), UserId("alice"), "Bed 2"});
    directory_.put({DeviceId("d3"), UserId("bob"), "Bed 3"});
    router_.set_guard(std::make_shared<AdmitAlice>());
    routes_.mount(router_);
  }
  void store(std::vector<Arrival> arrivals) {
    Batch batch;
    batch.arrivals = std::move(arrivals);
    database_.write_now([&](db::Connection& connection) { BatchStore().store(connection, batch); });
  }
  http::Response get(std::string path, http::Query query = {}, std::string accept = "") {
    http::Request request;
    request.path = request.target = "/api/v1/data/" + std::move(path);
    request.query = std::move(query);
    if (!accept.empty()) request.headers.set("Accept", accept);
    http::Response response;
    mqtt::play(loop_, [&]() -> Task<void> { response = co_await router_.answer(request); }());
    return response;
  }
  value json(std::string path, http::Query query = {}) {
    const auto response = get(std::move(path), std::move(query));
    EXPECT_EQ(response.status, 200) << response.body;
    return boost::json::parse(response.body);
  }
  std::string download(http::Response response) {
    std::string body;
    mqtt::play(loop_, [&]() -> Task<void> {
      for (bool more = true; more;) more = co_await response.stream(body);
    }());
    return body;
  }
  static http::Query query(std::initializer_list<std::pair<const std::string, std::string>> list) {
    http::Query query;
    query.values.insert(list);
    return query;
  }

  asio::io_context loop_;
  BreakableDatabase database_{with_tables(db::test_database())};
  Names names_;
  DeviceDirectory directory_;
  HandClock clock_{kNoon};
  Metrics metrics_;
  http::Router router_{metrics_};
  Routes routes_{{database_, names_, directory_, clock_}};
};

TEST_F(RoutesTest, PagesThroughEverythingWithCursors) {
  for (int i = 0; i < 25; ++i)
    store({arrival(i % 2 == 0 ? "d1" : "d2", kNoon + Seconds(i / 3), i)});
  std::vector<std::string> times;
  auto page_query = query({{"limit", "7"}});
  for (bool more = true; more;) {
    const auto page = json("all", page_query);
    for (const auto& reading : page.at("readings").as_array())
      times.emplace_back(reading.at("time").as_string());
    more = page.at("next").is_string();
    if (more) page_query.values["cursor"] = page.at("next").as_string();
  }
  EXPECT_EQ(times.size(), 25U);
  EXPECT_TRUE(std::ranges::is_sorted(times));
}

TEST_F(RoutesTest, SaysNullWhenAPageIsTheLast) {
  for (int i = 0; i < 10; ++i) store({arrival("d1", kNoon + Seconds(i), i)});
  EXPECT_TRUE(json("all", query({{"limit", "10"}})).at("next").is_null());
  EXPECT_TRUE(json("all", query({{"limit", "9"}})).at("next").is_string());
  EXPECT_EQ(get("all", query({{"device", "d2"}})).body, R"({"readings":[],"next":null})");
}

TEST_F(RoutesTest, GivesTheLastReadingsNewestFirst) {
  for (int i = 0; i < 20; ++i) store({arrival("d1", kNoon + Seconds(i), i)});
  store({arrival("d3", kNoon + Seconds(99), 1)});
  const auto last = json("last", query({{"n", "3"}})).at("readings").as_array();
  ASSERT_EQ(last.size(), 3U);
  EXPECT_EQ(last[0].at("values").at("temperature"), 19);
  EXPECT_EQ(last[2].at("values").at("temperature"), 17);
  EXPECT_EQ(json("last").at("readings").as_array().size(), 10U);
}

TEST_F(RoutesTest, ListsADayAsPageAndAsFile) {
  for (const auto* time : {"2025-10-25T21:59:59Z", "2025-10-25T22:00:00Z", "2025-10-26T22:59:59Z",
                           "2025-10-26T23:00:00Z"})
    store({arrival("d1", *parse_instant(time), 1)});
  const auto long_day = query({{"date", "2025-10-26"}, {"tz", "Europe/Paris"}});
  const auto day = json("byDate", long_day);
  EXPECT_EQ(day.at("readings").as_array().size(), 2U);
  EXPECT_TRUE(day.at("next").is_null());
  EXPECT_EQ(download(get("byDate", long_day, "text/csv")),
            "device,time,received,temperature\r\n"
            "d1,2025-10-25T22:00:00.000Z,2025-10-25T22:00:00.007Z,1\r\n"
            "d1,2025-10-26T22:59:59.000Z,2025-10-26T22:59:59.007Z,1\r\n");
}

TEST_F(RoutesTest, StreamsTheWholeSelectionWhateverTheLimit) {
  for (int i = 0; i < 2500; ++i) store({arrival("d1", kNoon + Seconds(i), i)});
  const auto response = get("all", query({{"limit", "1"}}), "application/x-ndjson");
  EXPECT_EQ(response.headers.get("content-type"), "application/x-ndjson");
  EXPECT_EQ(std::ranges::count(download(response), '\n'), 2500);
}

TEST_F(RoutesTest, RefusesWrongParameters) {
  const std::vector<std::pair<std::string, http::Query>> wrong = {
      {"all", query({{"limit", "0"}})},
      {"all", query({{"limit", "1001"}})},
      {"all", query({{"limit", "ten"}})},
      {"all", query({{"limit", ""}})},
      {"all", query({{"cursor", "AAAA"}})},
      {"last", query({{"n", "0"}})},
      {"last", query({{"n", "1001"}})},
      {"byDate", query({})},
      {"byDate", query({{"date", "2025-02-29"}})},
      {"series", query({})},
      {"series", query({{"device", "d1"}, {"measurement", "1t"}})},
      {"series", query({{"device", "d1"}, {"measurement", "t"}, {"points", "5001"}})},
      {"series", query({{"device", "d1"}, {"measurement", "t"}, {"from", "2030"}})},
      {"refused", query({{"limit", "-1"}})}};
  for (const auto& [path, parameters] : wrong) {
    const auto response = get(path, parameters);
    EXPECT_EQ(response.status, 422) << path;
    EXPECT_NE(response.body.find("\"errors\":[{\"field\""), std::string::npos) << response.body;
  }
}

TEST_F(RoutesTest, HidesForeignAndUnknownDevicesAlike) {
  store({arrival("d3", kNoon, 1), arrival("d9", kNoon, 1)});
  for (const char* path : {"all", "last", "series", "refused"}) {
    const auto foreign = get(path, query({{"device", "d3"}, {"measurement", "temperature"}}));
    const auto unknown = get(path, query({{"device", "d9"}, {"measurement", "temperature"}}));
    EXPECT_EQ(foreign.status, 404) << path;
    EXPECT_EQ(foreign.body, unknown.body);
  }
  EXPECT_TRUE(json("all").at("readings").as_array().empty());
}

TEST_F(RoutesTest, DrawsASeries) {
  store({arrival("d1", kNoon - Seconds(2), 1), arrival("d1", kNoon - Seconds(1), 5)});
  const auto asked = query({{"device", "d1"}, {"measurement", "temperature"}});
  const auto few = json("series", asked);
  EXPECT_EQ(few.at("points").as_array().size(), 2U);
  EXPECT_EQ(few.at("to"), "2025-11-22T12:00:00.000Z");
  EXPECT_EQ(few.at("from"), "2025-11-21T12:00:00.000Z");
  auto one_point = asked;
  one_point.values["points"] = "1";
  const auto one = json("series", one_point);
  EXPECT_EQ(boost::json::serialize(one.at("points")), R"([["2025-11-21T12:00:00.000Z",1,5,3]])");
  EXPECT_EQ(one.at("resolution"), 86400);
}

}  // namespace
}  // namespace croft::data

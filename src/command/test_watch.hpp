// For tests: triggers that watch, with a clock turned by hand and restarts in between.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gtest/gtest.h>

#include <boost/asio/post.hpp>
#include <memory>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "command/alert_store.hpp"
#include "command/command_store.hpp"
#include "command/watch.hpp"
#include "db/migrations.hpp"
#include "mqtt/test_broker.hpp"

namespace croft::command {

using mqtt::eventually;
using mqtt::play;

const DeviceId kBed("bed-1");
const DeviceId kPump("pump-1");
const UserId kAlice("alice");

// One life of the service, on a database that outlives it.
struct WatchLife {
  WatchLife(asio::io_context& loop, db::Database& database, const DeviceDirectory& directory,
            const UserDirectory& users, const Clock& clock)
      : client(loop.get_executor(), {}), devices(directory, feed, clock), needs{loop.get_executor(),
                                                                                database,
                                                                                client,
                                                                                directory,
                                                                                feed,
                                                                                devices,
                                                                                clock,
                                                                                metrics,
                                                                                users} {
    listening = feed.alert_changed.subscribe(
        [this](const live::AlertChanged& event) { told.push_back(event.alert); });
    dispatcher.start();
    watch.start();
    spawn(loop.get_executor(), "test", watch.run());
  }

  Metrics metrics;
  live::Feed feed;
  mqtt::Client client;
  live::Devices devices;
  Config config;
  Needs needs;
  Dispatcher dispatcher{needs};
  Watch watch{config, needs, dispatcher};
  std::shared_ptr<void> listening;
  std::vector<Alert> told;
};

// The database is the caller's; on it one life after the other.
class WatchHouse : public testing::Test {
 protected:
  explicit WatchHouse(std::unique_ptr<db::Database> database) : database_(std::move(database)) {
    db::migrate(*database_, "command", commands::migrations());
    directory_.put({kBed, kAlice, "Bed"});
    directory_.put({kPump, kAlice, "Pump"});
    users_.put({kAlice, "Alice", "alice@example.org", "Europe/Berlin"});
    begin();
  }
  ~WatchHouse() override { life_.reset(); }

  void begin() {
    loop_ = loops_.emplace_back(std::make_unique<asio::io_context>(1)).get();
    life_ = std::make_unique<WatchLife>(*loop_, *database_, directory_, users_, clock_);
  }
  void restart() {
    life_.reset();
    begin();
  }

  static Trigger above(double threshold) {
    Trigger trigger;
    trigger.device = kBed;
    trigger.owner = kAlice;
    trigger.by = "Alice";
    trigger.condition.measurement = "temperature";
    trigger.condition.threshold = threshold;
    return trigger;
  }
  static Trigger with_pump(Trigger trigger) {
    trigger.command = Reaction{kPump, "pump", "on", 600};
    return trigger;
  }
  Trigger make(Trigger trigger) {
    Trigger made;
    play(*loop_, [&]() -> Task<void> {
      const auto added = co_await life_->watch.add(std::move(trigger));
      made = added.value();
    }());
    return made;
  }
  Reading reading(double value, Milliseconds ago = Milliseconds(0)) const {
    return {kBed, clock_.now() - ago, clock_.now(), false, {{"temperature", value}}};
  }
  // One message's readings, until it may be acknowledged.
  Task<void> keep(std::vector<Reading> readings) {
    bool kept = false;
    life_->feed.keepers.at(0).keep(std::move(readings), [&kept] { kept = true; });
    for (int turns = 0; turns < 8 && !kept; ++turns)  // mostly it takes no time at all
      co_await asio::post(*loop_, asio::use_awaitable);
    const bool done = co_await eventually([&kept] { return kept; });
    EXPECT_TRUE(done);
  }
  void hear(double value, Milliseconds ago = Milliseconds(0)) {
    play(*loop_, keep({reading(value, ago)}));
  }
  std::vector<Alert> alerts() {
    return database_->read_now([](db::Connection& connection) {
      return alerts::list(connection, {kAlice, std::nullopt, "", 1000});
    });
  }
  std::int64_t count(std::string_view sql) {
    return *database_->read_now([sql](db::Connection& connection) {
      return connection.first(sql, {}, [](const db::Row& row) { return row.integer(0); });
    });
  }
  std::int64_t mails() {
    return count("SELECT CAST(COALESCE(SUM(1 + more), 0) AS BIGINT) FROM mail_outbox");
  }
  // Grows with everything that is written: rows on SQLite, transactions on PostgreSQL.
  std::int64_t written() {
    return count(
        database_->engine().starts_with("SQLite")
            ? "SELECT total_changes()"
            : "SELECT CAST(CAST(pg_snapshot_xmax(pg_current_snapshot()) AS TEXT) AS BIGINT)");
  }
  rules::State state(const Trigger& trigger) {
    return life_->watch.find(trigger.id, kAlice)->state;
  }

  HandClock clock_;
  // Each life's loop; the database's workers may still hold on to the last.
  std::vector<std::unique_ptr<asio::io_context>> loops_;
  asio::io_context* loop_ = nullptr;
  std::unique_ptr<db::Database> database_;
  DeviceDirectory directory_;
  UserDirectory users_;
  std::unique_ptr<WatchLife> life_;
};

}  // namespace croft::command

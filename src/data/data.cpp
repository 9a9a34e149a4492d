// Puts the rooms of the data service together.
// SPDX-License-Identifier: Apache-2.0
#include "data/data.hpp"

#include <limits>
#include <string>
#include <utility>

#include "base/log.hpp"
#include "data/migrations.hpp"
#include "data/names.hpp"
#include "data/reading_store.hpp"
#include "data/refused.hpp"
#include "data/removal.hpp"
#include "data/retention.hpp"
#include "data/rollups.hpp"
#include "data/routes.hpp"
#include "data/scan.hpp"
#include "db/migrations.hpp"

namespace croft::data {
namespace {

// A node may send its measurements in turns: its last few readings have them all.
constexpr std::size_t kRemembered = 5;
constexpr std::chrono::seconds kFlush{2};

// The newest readings of a device, oldest first.
std::vector<Reading> latest(ReadingStore& store, NameLookup& names, std::int64_t number,
                            const std::string& device) {
  std::vector<Reading> readings;
  const Place end{std::numeric_limits<std::int64_t>::max(), 0};
  constexpr auto kBegin = std::numeric_limits<std::int64_t>::min();
  store.backward(number, end, kBegin, kRemembered, [&](const StoredReading& row) {
    Reading reading;
    reading.device = DeviceId(device);
    decode_reading(row, names, reading);
    readings.insert(readings.begin(), std::move(reading));
  });
  return readings;
}

}  // namespace

struct Service::Rooms {
  Rooms(Config given, Needs n)
      : config(std::move(given)),
        needs(n),
        writer(config.writer, n.loop, n.db, n.metrics),
        refusals(n.loop, n.db, n.directory, n.clock, n.metrics),
        removal(n.loop, n.db, writer, refusals, n.feed),
        retention(n.loop, n.db, writer, n.clock, config.keep),
        rollups(n.loop, n.db, writer, n.clock),
        ingest({n.mqtt, n.directory, n.feed, n.devices, n.clock, n.metrics, writer, refusals}),
        routes({n.db, names, n.directory, n.clock}),
        ended(n.loop) {}

  Task<void> side(Task<void> part) {
    co_await std::move(part);  // never throws
    --running;
    ended.raise();
  }
  void remember_latest();

  Config config;
  Needs needs;
  Names names;
  Writer writer;
  Refusals refusals;
  Removal removal;
  Retention retention;
  Rollups rollups;
  Ingest ingest;
  Routes routes;
  bool writing = false;
  int running = 0;  // of the other four
  Event ended;
};

Service::Service(Config config, Needs needs)
    : rooms_(std::make_unique<Rooms>(std::move(config), needs)) {}

Service::~Service() = default;

void Service::mount(http::Router& router) { rooms_->routes.mount(router); }

void Service::start() {
  db::migrate(rooms_->needs.db, "data", migrations());
  rooms_->remember_latest();
  rooms_->ingest.subscribe(rooms_->config.sources);
}

void Service::Rooms::remember_latest() {
  std::vector<Reading> readings;
  needs.db.read_now([&](db::Connection& connection) {
    ReadingStore store(connection);
    NameLookup lookup(names, store);
    std::vector<std::pair<std::int64_t, std::string>> known;
    store.each_device([&](std::int64_t number, std::string_view device) {
      if (needs.directory.find(device) != nullptr) known.emplace_back(number, device);
    });
    for (const auto& [number, device] : known)
      for (auto& reading : latest(store, lookup, number, device))
        readings.push_back(std::move(reading));
  });
  for (const auto& reading : readings) needs.devices.remember(reading);
}

Task<void> Service::run() {
  auto& rooms = *rooms_;
  if (rooms.running == 0) {
    rooms.running = 4;
    spawn(rooms.needs.loop, "data", rooms.side(rooms.refusals.run()));
    spawn(rooms.needs.loop, "data", rooms.side(rooms.removal.run()));
    spawn(rooms.needs.loop, "data", rooms.side(rooms.retention.run()));
    spawn(rooms.needs.loop, "data", rooms.side(rooms.rollups.run()));
  }
  rooms.writing = true;
  co_await rooms.writer.run();
  rooms.writing = false;
  rooms.ended.raise();
}

Task<void> Service::drain() {
  auto& rooms = *rooms_;
  rooms.ingest.close();
  rooms.writer.stop();
  rooms.refusals.stop();
  rooms.removal.stop();
  rooms.retention.stop();
  rooms.rollups.stop();
  while (rooms.writing || rooms.running > 0) co_await rooms.ended.wait();
  if (!rooms.needs.mqtt.connected()) co_return;
  co_await rooms.ingest.settle(kFlush);
  co_await rooms.needs.mqtt.flush(kFlush);
}

Task<std::size_t> Service::forget_strangers() {
  auto& rooms = *rooms_;
  auto all = co_await rooms.needs.db.read([](db::Connection& connection) {
    std::vector<std::string> devices;
    ReadingStore(connection).each_device([&](std::int64_t, std::string_view device) {
      devices.emplace_back(device);
    });
    return devices;
  });
  std::vector<std::string> strangers;
  for (auto& device : all) {
    const bool hidden = device.starts_with('~');
    if (!hidden && rooms.needs.directory.find(device) == nullptr)
      strangers.push_back(std::move(device));
  }
  for (const auto& device : strangers) rooms.removal.remove(DeviceId(device));
  if (!strangers.empty())
    log::info("data", "deleting the readings of devices that no longer exist",
              {{"devices", strangers.size()}});
  co_return strangers.size();
}

}  // namespace croft::data

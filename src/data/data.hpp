// The data service: keeps what devices measure, and gives it back.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <memory>
#include <vector>

#include "base/clock.hpp"
#include "base/metrics.hpp"
#include "base/task.hpp"
#include "data/ingest.hpp"
#include "data/retention.hpp"
#include "data/writer.hpp"
#include "db/database.hpp"
#include "http/router.hpp"
#include "live/devices.hpp"
#include "live/feed.hpp"
#include "model/device.hpp"
#include "mqtt/client.hpp"

namespace croft::data {

struct Config {
  std::vector<Source> sources;  // [[data.source]]
  WriterConfig writer;
  Keep keep;
};

// Everything must outlive the service; `directory` holds the devices that exist.
struct Needs {
  Executor loop;
  db::Database& db;
  mqtt::Client& mqtt;
  const DeviceDirectory& directory;
  live::Feed& feed;
  live::Devices& devices;
  const Clock& clock;
  Metrics& metrics;
};

// On the loop.
class Service {
 public:
  Service(Config, Needs);
  ~Service();

  void mount(http::Router&);
  // Brings the tables up to date, tells `devices` each device's latest readings, subscribes.
  // Blocks; throws std::runtime_error or db::Broken.
  void start();
  // Stores what arrives, until drain(). One at a time.
  Task<void> run();
  // Takes no new message, commits what was received, acknowledges it, and lets run() return. With a
  // broken store it gives up after three attempts; what it leaves is delivered again.
  Task<void> drain();
  // Deletes what belongs to no device of the directory: the remains of a removal that a crash cut
  // off. Only for whoever knows that the directory is complete. Returns how many devices that were.
  Task<std::size_t> forget_strangers();

 private:
  struct Rooms;
  std::unique_ptr<Rooms> rooms_;
};

}  // namespace croft::data

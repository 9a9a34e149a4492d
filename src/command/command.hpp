// The command service: what people ask of actuators, and what the nodes made of it.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

#include "base/clock.hpp"
#include "base/metrics.hpp"
#include "base/task.hpp"
#include "db/database.hpp"
#include "http/router.hpp"
#include "live/devices.hpp"
#include "live/feed.hpp"
#include "model/device.hpp"
#include "model/user.hpp"
#include "mqtt/client.hpp"

namespace croft::command {

struct Config {
  Seconds validity{std::chrono::minutes(5)};  // of a command that names no other
  Seconds grace{std::chrono::minutes(10)};    // a timed start later than this is missed
  bool mail_server = false;                   // without one, mails fail at once and say so
};

struct Needs {
  Executor loop;
  db::Database& database;
  mqtt::Client& mqtt;
  const DeviceDirectory& directory;
  live::Feed& feed;
  live::Devices& devices;
  const Clock& clock;
  Metrics& metrics;
  const UserDirectory& users;
};

struct Parts;  // parts.hpp

class Service {
 public:
  Service(Config, Needs);
  ~Service();

  // Migrates, loads the commands still open, subscribes. Blocks; call before the loop runs.
  void start();
  void mount(http::Router&);
  // Expires and delivers again, until cancelled.
  Task<void> run();

 private:
  std::unique_ptr<Parts> parts_;
};

}  // namespace croft::command

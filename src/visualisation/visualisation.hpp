// The visualisation service: what happens, live over WebSocket, and the dashboard that shows it.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

#include "base/clock.hpp"
#include "base/metrics.hpp"
#include "base/task.hpp"
#include "http/router.hpp"
#include "live/devices.hpp"
#include "live/feed.hpp"
#include "model/device.hpp"

namespace croft::visualisation {

struct Config {
  // What one client may leave unread before it is dropped.
  std::size_t queue_messages = 1024;
  std::size_t queue_bytes = 1024 * 1024;
};

struct Needs {
  Executor loop;
  const DeviceDirectory& directory;
  live::Feed& feed;
  const live::Devices& devices;
  const Clock& clock;
  Metrics& metrics;
  http::Handler dashboard;  // answers the static files
};

class Hub;

class Service {
 public:
  Service(Config, Needs);
  ~Service();
  void mount(http::Router&);
  // Ends WebSockets whose session has run out, until cancelled.
  Task<void> run();
  // Says goodbye to every client.
  void close_all();

 private:
  Needs needs_;
  std::unique_ptr<Hub> hub_;
};

}  // namespace croft::visualisation

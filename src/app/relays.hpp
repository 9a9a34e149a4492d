// What a process with some of the services hears from the others, and tells them.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "app/targets.hpp"
#include "app/wiring.hpp"
#include "base/metrics.hpp"
#include "live/devices.hpp"
#include "live/feed.hpp"
#include "mqtt/client.hpp"
#include "relay/announcer.hpp"
#include "relay/follower.hpp"
#include "relay/reading_sink.hpp"
#include "relay/reading_source.hpp"
#include "relay/told.hpp"

namespace croft::app {

// On the loop; everything must outlive it. Make it when the services have started, so that their
// keepers are known, and before the client runs.
class Relays {
 public:
  struct Needs {
    asio::io_context& loop;
    mqtt::Client& client;
    BrokerAccess broker;
    std::string client_name;  // of the connections: the beginning of their names
    std::filesystem::path state_dir;
    live::Feed& feed;
    live::Devices& devices;
    DeviceDirectory& directory;
    UserDirectory& users;
    Metrics& metrics;
    std::function<void(const std::string& hex)> on_key;  // of the tokens; with auth elsewhere
  };
  // `own_key` is what tokens are checked with, when auth is here.
  Relays(const Targets&, const Needs&, const std::string& own_key);

  // Calls `then` each time auth, elsewhere, has told the whole directory.
  void on_directory(std::function<void()> then);
  Task<void> run();
  Task<void> stop();

 private:
  std::optional<relay::Announcer> announcer_;
  std::optional<relay::Follower> follower_;
  std::unique_ptr<mqtt::Client> outlet_;
  std::optional<relay::ReadingSource> source_;
  std::optional<relay::ReadingSink> sink_;
  std::optional<relay::EventSource> events_;
};

// Fills the directory before the services start: from auth, or, when it does not answer within a
// few seconds, from the copy of last time. Without either it waits, and says so. Runs the loop.
// Throws Stopped after SIGINT or SIGTERM.
void learn_directory(const Targets&, const Relays::Needs&);

}  // namespace croft::app

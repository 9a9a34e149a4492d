// Hands each event to the clients that may and want to see it.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <set>
#include <unordered_map>
#include <vector>

#include "visualisation/live_client.hpp"
#include "visualisation/visualisation.hpp"

namespace croft::visualisation {

class Hub {
 public:
  Hub(Config, const Needs&);

  // Serves one connection until it ends.
  Task<void> serve(const Principal&, http::WebSocket&);
  void close_expired();
  void close_all();

 private:
  using Clients = std::set<LiveClient*>;

  void on_reading(const Reading&);
  void on_device(const DeviceId&);
  // A command, a timed command or an alert.
  template <class Event>
  void on_event(const UserId& owner, const DeviceId&, const Event&);
  void on_removed(const DeviceEntry&);
  void on_session_ended(const SessionId&);
  // The clients of the device's owner that want it; nullptr when nobody looks.
  const Clients* audience(const UserId&) const;
  void send(const UserId& owner, const DeviceId&, std::string text);

  Config config_;
  const Needs& needs_;
  std::unordered_map<UserId, Clients> by_user_;
  std::vector<std::shared_ptr<void>> subscriptions_;
  Gauge connected_;
  Counter sent_;
  Counter dropped_;
};

}  // namespace croft::visualisation

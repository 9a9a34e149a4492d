// One browser or program on the live feed: a reader, a writer, a bounded queue between.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <deque>
#include <memory>
#include <optional>
#include <set>
#include <string>

#include "base/task.hpp"
#include "http/websocket.hpp"
#include "model/principal.hpp"

namespace croft::visualisation {

using SharedText = std::shared_ptr<const std::string>;  // one event, made once for all clients

class LiveClient {
 public:
  struct Bounds {
    std::size_t messages;
    std::size_t bytes;
  };

  LiveClient(const Executor&, http::WebSocket&, Principal, Bounds);

  // Serves until the connection ends.
  Task<void> run();

  // Queues an event. False when the client has left too much unread: it is being dropped, because
  // waiting for it would slow the others and skipping silently would lie.
  bool send(const SharedText&);
  bool wants(const DeviceId&) const;
  void close(std::uint16_t code, std::string_view reason);
  const Principal& principal() const { return principal_; }

 private:
  Task<void> read_loop();
  Task<void> write_loop();
  void on_message(const std::string&);

  http::WebSocket& socket_;
  Principal principal_;
  Bounds bounds_;
  Event wake_;
  std::deque<SharedText> queue_;
  std::size_t queued_bytes_ = 0;
  std::optional<std::set<DeviceId>> only_;  // nothing: all devices of the user
  bool ended_ = false;
};

}  // namespace croft::visualisation

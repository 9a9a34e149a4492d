// What a session asks of a WebSocket beyond what handlers see.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <optional>

#include "http/deadlines.hpp"
#include "http/listen.hpp"
#include "http/message.hpp"
#include "http/websocket.hpp"

namespace croft::http {

class WebSocketConnection : public WebSocket {
 public:
  // Answers the handshake; false when the client has gone.
  virtual Task<bool> accept(const Request&) = 0;
  // Says goodbye (1000, unless close() said another) and waits for the answer, at most a second.
  virtual Task<void> finish() = 0;
  // Ends it without a word.
  virtual void cut() = 0;
};

// Why this handshake cannot be answered; nothing when it can.
std::optional<Response> refused_handshake(const Request&);

std::shared_ptr<WebSocketConnection> make_websocket(Socket, std::shared_ptr<Deadlines>);

}  // namespace croft::http

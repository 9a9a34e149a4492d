// The table of routes: which handler answers which method and path, and who may ask.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/metrics.hpp"
#include "http/message.hpp"
#include "http/websocket.hpp"

namespace croft::http {

// Who may use a route. Guarded is the default, so forgetting to choose is safe.
enum class Access {
  guarded,  // the guard must know the caller
  open,     // anybody: sign-up, log-in, health, static files, the API description
  local,    // only over the administration socket in the state directory
};

// What the body of a request may be. Neither is what the form of another site's page can send.
enum class Takes { json, bytes };

// Stands in front of every guarded route; security/ has the real one. On success it leaves what it
// learned in request.caller.
class Guard {
 public:
  virtual ~Guard() = default;
  virtual Task<Result<>> admit(Request&) = 0;
};

// Takes over a connection after the WebSocket handshake; the connection ends when it returns.
using WebSocketHandler = std::function<Task<void>(Request&, WebSocket&)>;

class Router {
 public:
  explicit Router(Metrics& metrics);
  ~Router();

  // `pattern` is "/api/v1/devices/{id}": a segment in braces matches one segment. Adding the same
  // method and pattern twice is our own mistake and throws.
  void add(Method, std::string pattern, Handler, Access = Access::guarded, Takes = Takes::json);
  // Answered after the guard and, for browsers (a request with Origin), a same-origin check.
  void add_websocket(std::string pattern, WebSocketHandler);
  // Answers any GET that no route knows and that is not below /api (the dashboard).
  void set_fallback(Handler);
  // How browsers reach us from outside ("https://croft.example"): pages from there are our own too.
  void set_public_url(std::string_view url);
  void set_guard(std::shared_ptr<Guard>);
  // While routes are still to come, what no route knows is answered with 503 instead of 404.
  void set_whole(bool);
  bool whole() const;

  // Finds the route, asks the guard, runs the handler. Never throws for what a client sent: unknown
  // path 404, known path with another method 405 with Allow, HEAD by way of GET. An exception from
  // a handler becomes 500 and a log line.
  Task<Response> answer(Request&);
  // The WebSocket route for this request after guard and origin check, or the refusal.
  Task<Result<WebSocketHandler>> upgrade(Request&);
  // Whether any route (of whatever access) would serve the path; for tests of the API description.
  std::vector<std::pair<Method, std::string>> routes() const;

 private:
  struct Tables;
  std::unique_ptr<Tables> tables_;
};

}  // namespace croft::http

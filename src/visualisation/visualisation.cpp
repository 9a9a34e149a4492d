// The visualisation service assembled: WebSocket routes and the dashboard.
// SPDX-License-Identifier: Apache-2.0
#include "visualisation/visualisation.hpp"

#include "security/guard.hpp"
#include "visualisation/hub.hpp"

namespace croft::visualisation {

Service::Service(Config config, Needs needs)
    : needs_(std::move(needs)), hub_(std::make_unique<Hub>(config, needs_)) {}

Service::~Service() = default;

void Service::mount(http::Router& router) {
  for (const auto* path : {"/ws", "/api/v1/visual/ws", "/graph/ws"})
    router.add_websocket(path,
                         [this](http::Request& request, http::WebSocket& socket) -> Task<void> {
                           return hub_->serve(security::caller(request), socket);
                         });
  router.set_fallback(needs_.dashboard);
}

Task<void> Service::run() {
  for (;;) {
    co_await sleep_for(Seconds(1));
    hub_->close_expired();
  }
}

void Service::close_all() { hub_->close_all(); }

}  // namespace croft::visualisation

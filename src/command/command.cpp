// The command service assembled.
// SPDX-License-Identifier: Apache-2.0
#include "command/command.hpp"

#include "command/command_store.hpp"
#include "command/parts.hpp"
#include "db/migrations.hpp"

namespace croft::command {

Service::Service(Config config, Needs needs)
    : parts_(std::make_unique<Parts>(config, std::move(needs))) {}

Service::~Service() = default;

void Service::start() {
  db::migrate(parts_->needs.database, "command", commands::migrations());
  parts_->dispatcher.start();
  parts_->watch.start();
  parts_->endings.start();
  parts_->timed.start();
}

void Service::mount(http::Router& router) {
  parts_->mount(router);
  parts_->mount_triggers(router);
  parts_->mount_timed(router);
}

// Each part is started again by itself when it throws, so one does not take the others along.
Task<void> Service::run() {
  const auto keep = [this](const char* name, std::function<Task<void>()> part) {
    spawn(parts_->needs.loop, name, supervise(name, std::move(part)));
  };
  keep("endings", [this] { return parts_->endings.run(); });
  keep("timed", [this] { return parts_->timed.run(); });
  keep("request keys", [this] { return parts_->request_keys.run(); });
  keep("triggers", [this] { return parts_->watch.run(); });
  co_await supervise("dispatcher", [this] { return parts_->dispatcher.run(); });
}

}  // namespace croft::command

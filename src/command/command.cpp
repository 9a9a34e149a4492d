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
}

void Service::mount(http::Router& router) { parts_->mount(router); }

Task<void> Service::run() { return parts_->dispatcher.run(); }

}  // namespace croft::command

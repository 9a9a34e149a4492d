// The auth service assembled: its tables, its start, its routes.
// SPDX-License-Identifier: Apache-2.0
#include "auth/auth.hpp"

#include "auth/parts.hpp"
#include "db/migrations.hpp"

namespace croft::auth {
namespace {

constexpr db::Migration kMigrations[] = {
    {1,
     "CREATE TABLE users ("
     "  id TEXT PRIMARY KEY,"
     "  username TEXT NOT NULL,"
     "  username_key TEXT NOT NULL UNIQUE,"
     "  email TEXT NOT NULL,"
     "  email_key TEXT NOT NULL UNIQUE,"
     "  password TEXT NOT NULL,"
     "  role TEXT NOT NULL CHECK (role IN ('user', 'admin')),"
     "  created BIGINT NOT NULL);"
     "CREATE TABLE devices ("
     "  id TEXT PRIMARY KEY,"
     "  owner TEXT NOT NULL REFERENCES users (id),"
     "  name TEXT NOT NULL,"
     "  secret_hash TEXT NOT NULL,"
     "  created BIGINT NOT NULL);"
     "CREATE INDEX devices_owner ON devices (owner, id)"},
    {2, "ALTER TABLE users ADD COLUMN timezone TEXT NOT NULL DEFAULT 'UTC'"},
    {3,
     "ALTER TABLE devices ADD COLUMN request_key TEXT;"
     "CREATE UNIQUE INDEX devices_request_key ON devices (owner, request_key)"
     "  WHERE request_key IS NOT NULL"},
};

}  // namespace

std::span<const db::Migration> migrations() { return kMigrations; }

Service::Service(Config config, Needs needs)
    : parts_(std::make_unique<Parts>(std::move(config), std::move(needs))) {}

Service::~Service() = default;

std::vector<Credential> Service::start() {
  db::migrate(parts_->needs.database, "auth", kMigrations);
  parts_->accounts.load();
  return parts_->registry.load();
}

void Service::set_mqtt_port(std::uint16_t port) { parts_->config.mqtt_port = port; }

void Service::mount(http::Router& router) {
  parts_->mount_accounts(router);
  parts_->mount_devices(router);
  parts_->mount_local(router);
}

}  // namespace croft::auth

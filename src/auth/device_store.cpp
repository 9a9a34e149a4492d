// SQL of the devices table.
// SPDX-License-Identifier: Apache-2.0
#include "auth/device_store.hpp"

namespace croft::auth::devices {
namespace {

Device device_from(const db::Row& row) {
  return {DeviceId(row.text(0)), UserId(row.text(1)), row.string(2), row.string(3), row.instant(4)};
}

}  // namespace

bool add(db::Connection& connection, const Device& device, std::string_view request_key) {
  std::optional<std::string_view> key;
  if (!request_key.empty()) key = request_key;
  return connection.execute(
             "INSERT INTO devices (id, owner, name, secret_hash, created, request_key) "
             "VALUES ($1, $2, $3, $4, $5, $6) "
             "ON CONFLICT (owner, request_key) WHERE request_key IS NOT NULL DO NOTHING",
             {device.id, device.owner, device.name, device.secret_hash, device.created, key}) == 1;
}

std::optional<DeviceId> made_with(db::Connection& connection, const UserId& owner,
                                  std::string_view request_key, Instant oldest) {
  connection.execute(
      "UPDATE devices SET request_key = NULL "
      "WHERE owner = $1 AND request_key = $2 AND created <= $3",
      {owner, request_key, oldest});
  return connection.first("SELECT id FROM devices WHERE owner = $1 AND request_key = $2",
                          {owner, request_key},
                          [](const db::Row& row) { return DeviceId(row.text(0)); });
}

std::optional<Device> find(db::Connection& connection, const DeviceId& id) {
  return connection.first("SELECT id, owner, name, secret_hash, created FROM devices WHERE id = $1",
                          {id}, device_from);
}

std::vector<Device> list(db::Connection& connection, const UserId& owner, std::string_view after,
                         int limit) {
  std::vector<Device> found;
  connection.query(
      "SELECT id, owner, name, secret_hash, created FROM devices "
      "WHERE owner = $1 AND id > $2 ORDER BY id LIMIT $3",
      {owner, after, limit}, [&](const db::Row& row) { found.push_back(device_from(row)); });
  return found;
}

void each(db::Connection& connection, const std::function<void(const Device&)>& visit) {
  connection.query("SELECT id, owner, name, secret_hash, created FROM devices", {},
                   [&](const db::Row& row) { visit(device_from(row)); });
}

std::int64_t count(db::Connection& connection, const UserId& owner) {
  return *connection.first("SELECT count(*) FROM devices WHERE owner = $1", {owner},
                           [](const db::Row& row) { return row.integer(0); });
}

bool rename(db::Connection& connection, const DeviceId& id, std::string_view name) {
  return connection.execute("UPDATE devices SET name = $2 WHERE id = $1", {id, name}) > 0;
}

bool set_secret(db::Connection& connection, const DeviceId& id, std::string_view secret_hash) {
  return connection.execute("UPDATE devices SET secret_hash = $2 WHERE id = $1",
                            {id, secret_hash}) > 0;
}

bool remove(db::Connection& connection, const DeviceId& id) {
  return connection.execute("DELETE FROM devices WHERE id = $1", {id}) > 0;
}

}  // namespace croft::auth::devices

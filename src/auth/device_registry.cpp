// Devices: made, renamed, rotated, removed.
// SPDX-License-Identifier: Apache-2.0
#include "auth/device_registry.hpp"

#include "base/log.hpp"
#include "security/digest.hpp"
#include "security/idempotency.hpp"

namespace croft::auth {
namespace {

// 192 random bits: nobody guesses it, so the broker may check it with one SHA-256.
std::string new_secret() { return random_token(24); }

Error no_such_device() { return fail(Code::not_found, "there is no such device"); }

Error made_before(const DeviceId& id) {
  return fail(Code::conflict, "this Idempotency-Key has made the device " + id.str() +
                                  " already; its secret was shown then, rotate it when it is lost");
}

}  // namespace

std::vector<Credential> DeviceRegistry::load() {
  std::vector<Credential> credentials;
  needs_.database.read_now([&](db::Connection& connection) {
    devices::each(connection, [&](const Device& device) {
      needs_.directory.put({device.id, device.owner, device.name});
      credentials.push_back({device.id, device.secret_hash});
    });
  });
  return credentials;
}

Result<> DeviceRegistry::owned(const DeviceId& id, const UserId& owner) const {
  if (needs_.directory.find_owned(id, owner) == nullptr) return no_such_device();
  return Result<>();
}

Task<Result<WithSecret>> DeviceRegistry::add(UserId owner, std::string name, std::string key) {
  const auto secret = new_secret();
  const Device device{DeviceId(new_id()), owner, std::move(name), security::sha256_hex(secret),
                      needs_.clock.now()};
  auto insert = [&device, &key](db::Connection& connection) -> Result<> {
    const auto oldest = device.created - security::kKeyKept;
    if (!key.empty())
      if (const auto made = devices::made_with(connection, device.owner, key, oldest))
        return made_before(*made);
    if (devices::count(connection, device.owner) >= kMostPerOwner)
      return fail(Code::conflict, "this account has as many devices as it may have");
    if (devices::add(connection, device, key)) return Result<>();
    return security::key_under_way();
  };
  const auto added = co_await needs_.database.write(insert);
  if (!added) co_return added.error();
  const DeviceEntry entry{device.id, device.owner, device.name};
  needs_.directory.put(entry);
  needs_.feed.device_registered.publish({entry});
  co_await needs_.door.let_in(device.id, device.secret_hash);
  WithSecret answer{device, secret};
  co_return answer;
}

Task<Result<Device>> DeviceRegistry::find(DeviceId id, UserId owner) {
  if (auto mine = owned(id, owner); !mine) co_return mine.error();
  auto look_up = [id](db::Connection& connection) { return devices::find(connection, id); };
  const auto device = co_await needs_.database.read(look_up);
  if (!device) co_return no_such_device();
  co_return *device;
}

Task<std::vector<Device>> DeviceRegistry::list(UserId owner, std::string after, int limit) {
  auto look_up = [owner, after, limit](db::Connection& connection) {
    return devices::list(connection, owner, after, limit);
  };
  auto found = co_await needs_.database.read(look_up);
  co_return found;
}

Task<Result<Device>> DeviceRegistry::rename(DeviceId id, UserId owner, std::string name) {
  if (auto mine = owned(id, owner); !mine) co_return mine.error();
  auto change = [id, name](db::Connection& connection) {
    return devices::rename(connection, id, name);
  };
  const bool renamed = co_await needs_.database.write(change);
  if (!renamed) co_return no_such_device();
  const DeviceEntry entry{id, owner, name};
  needs_.directory.put(entry);
  needs_.feed.device_renamed.publish({entry});
  auto device = co_await find(id, owner);
  co_return device;
}

Task<Result<WithSecret>> DeviceRegistry::rotate(DeviceId id, UserId owner) {
  if (auto mine = owned(id, owner); !mine) co_return mine.error();
  const auto secret = new_secret();
  const auto hash = security::sha256_hex(secret);
  auto change = [id, hash](db::Connection& connection) {
    return devices::set_secret(connection, id, hash);
  };
  const bool changed = co_await needs_.database.write(change);
  if (!changed) co_return no_such_device();
  co_await needs_.door.let_in(id, hash);
  auto device = co_await find(id, owner);
  if (!device) co_return device.error();
  WithSecret answer{*device, secret};
  co_return answer;
}

Task<Result<>> DeviceRegistry::remove(DeviceId id, UserId owner) {
  if (auto mine = owned(id, owner); !mine) co_return mine.error();
  auto erase = [id](db::Connection& connection) { return devices::remove(connection, id); };
  co_await needs_.database.write(erase);
  const auto* known = needs_.directory.find_owned(id, owner);
  if (known == nullptr) co_return no_such_device();  // a second request was faster
  const DeviceEntry entry = *known;
  needs_.directory.remove(id);
  needs_.feed.device_removed.publish({entry});
  co_await needs_.door.shut_out(id);
  co_return Result<>();
}

namespace {

void write_firmware(JsonWriter& json, const FirmwareNow& firmware) {
  json.begin_object();
  json.member("version", firmware.version);
  json.member("board", firmware.board);
  json.member("state", firmware.state);
  if (!firmware.update.empty()) json.member("update", firmware.update);
  if (firmware.state == "fetching") json.member("offset", firmware.offset);
  if (firmware.state == "failed") json.member("reason", firmware.reason);
  json.end_object();
}

}  // namespace

void write_json(JsonWriter& json, const Device& device, const DeviceNow& now) {
  json.begin_object();
  json.member("id", device.id.str());
  json.member("name", device.name);
  json.member("created", device.created);
  json.member("online", now.online);
  json.member("lastSeen", now.last_seen);
  json.key("values");
  croft::write_values(json, now.values);
  json.member("valuesTime", now.values_time);
  json.key("state").begin_object();
  for (const auto& [actuator, value] : now.state) json.member(actuator, value);
  json.end_object();
  json.key("firmware");
  if (now.firmware)
    write_firmware(json, *now.firmware);
  else
    json.null();
  json.end_object();
}

}  // namespace croft::auth

// The auth service: who people are, which devices exist and whose they are.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/task.hpp"
#include "db/database.hpp"
#include "db/migrations.hpp"
#include "http/router.hpp"
#include "limits/store.hpp"
#include "live/devices.hpp"
#include "live/feed.hpp"
#include "model/device.hpp"
#include "model/user.hpp"
#include "security/tokens.hpp"
#include "sessions/store.hpp"

namespace croft::auth {

// The service's tables, one step a version.
std::span<const db::Migration> migrations();

enum class Signup { open, first, closed };  // anybody; only the very first account; nobody

struct Config {
  Signup signup = Signup::open;
  Seconds session_lifetime{std::chrono::hours(24 * 7)};
  // Where nodes reach the broker, for the answer that shows a new device's credentials. An empty
  // host means: the host by which the browser reached us.
  std::string mqtt_host;
  std::uint16_t mqtt_port = 1883;
  bool mqtt_tls = false;
};

// The broker's door. Both return when the broker has taken it, or after a short while when it is
// away (it is told everything when it comes back).
struct Door {
  std::function<Task<void>(const DeviceId&, const std::string& secret_hash)> let_in;
  std::function<Task<void>(const DeviceId&)> shut_out;
};

struct Needs {
  Executor loop;
  db::Database& database;
  sessions::Store& sessions;
  limits::Store& limits;
  const security::SigningKey& signing_key;
  DeviceDirectory& directory;
  UserDirectory& users;
  live::Feed& feed;
  const live::Devices& devices;
  Door door;
  const Clock& clock;
};

struct Credential {
  DeviceId device;
  std::string secret_hash;  // SHA-256, hexadecimal
};

struct Parts;  // parts.hpp

class Service {
 public:
  Service(Config, Needs);
  ~Service();

  // Migrates and fills the directory. Blocks; call before the loop runs. Returns every device's
  // credential for the broker.
  std::vector<Credential> start();
  // Once the broker's port is known.
  void set_mqtt_port(std::uint16_t);
  void mount(http::Router&);

 private:
  std::unique_ptr<Parts> parts_;
};

}  // namespace croft::auth

// Keeps the broker's table of devices right, live, over Croft's own MQTT connection.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/ids.hpp"
#include "base/task.hpp"
#include "mqtt/client.hpp"

namespace croft::broker {

struct Credential {
  DeviceId device;
  std::string secret_hash;  // SHA-256, hexadecimal
};

// A topic beyond its own that a device may publish to ([[data.source]]).
struct Grant {
  DeviceId device;
  std::string topic_filter;
};

// Speaks to the guard (guard/) on $CONTROL/croft/v1/devices. The whole table is sent at each
// connect, so a broker that lost everything is right again at once. On the loop.
class Credentials {
 public:
  Credentials(const Executor&, mqtt::Client&, std::vector<Grant> = {});

  void replace_all(std::vector<Credential>);
  // Both return when the broker has taken it (the next log-in is judged by it; a connection with an
  // older secret has been cut), or after two seconds, or at once while the broker is away: it is
  // told when it comes back.
  Task<void> set(const DeviceId&, const std::string& secret_hash);
  Task<void> remove(const DeviceId&);

 private:
  void send_all();
  Task<void> tell(std::string line);

  Executor executor_;
  mqtt::Client& client_;
  std::vector<Grant> grants_;
  std::map<DeviceId, std::string> table_;
};

}  // namespace croft::broker

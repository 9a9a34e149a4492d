// Keeps the broker's table of devices as the platform wants it.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "base/ids.hpp"
#include "base/metrics.hpp"
#include "base/task.hpp"
#include "mqtt/client.hpp"

namespace croft::broker {

struct Credential {
  DeviceId device;
  std::string secret_hash;  // SHA-256 in hexadecimal
};

// Speaks over a connection with the service account; sends the whole table at each connect, so that
// a broker that lost it is right again. The client must outlive it. The loop owns it.
class Credentials {
 public:
  // How long set() and remove() wait for the broker. Later it hears of the change all the same.
  static constexpr std::chrono::seconds kLimit{5};

  explicit Credentials(mqtt::Client& client);
  Credentials(const Credentials&) = delete;
  Credentials& operator=(const Credentials&) = delete;
  ~Credentials();

  // From now on exactly these; whoever is not among them is cut off.
  void replace_all(std::vector<Credential> all);
  // True once the broker has taken it: the device can connect with the new secret, and a connection
  // made with an old one is cut. False when the broker did not answer within kLimit, which is
  // logged; it then takes the change when it is back.
  Task<bool> set(DeviceId device, std::string secret_hash);
  // True once the device's connection is cut and its secret worthless; false as above.
  Task<bool> remove(DeviceId device);
  // Waits until the broker has taken all that was asked so far; false after `limit`.
  Task<bool> taken(std::chrono::milliseconds limit);

 private:
  struct State;
  std::shared_ptr<State> state_;
};

// croft_broker_dropped_messages: what the broker threw away because a queue was full, from its own
// counter under $SYS. `client` and `metrics` must outlive each other's use.
void expose_dropped(mqtt::Client& client, Metrics& metrics);

}  // namespace croft::broker

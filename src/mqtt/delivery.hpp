// What stands behind a Delivery: one received packet, shared by the handlers that got it.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "mqtt/client.hpp"

namespace croft::mqtt {

class Acknowledger;

struct Delivery::State {
  std::string bytes;  // the topic and, right after it, the payload
  std::size_t topic_bytes = 0;
  std::weak_ptr<Acknowledger> to;
  std::uint32_t epoch = 0;  // of the connection it came on: packet ids mean nothing on another
  std::uint32_t awaited = 1;
  std::uint16_t packet_id = 0;
  std::uint8_t qos = 0;
  bool retained = false;
  bool duplicate = false;
};

}  // namespace croft::mqtt

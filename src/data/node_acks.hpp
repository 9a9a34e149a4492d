// Tells nodes which of their readings are durably stored (telemetry/ack).
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <span>

#include "base/metrics.hpp"
#include "base/task.hpp"
#include "model/device.hpp"
#include "mqtt/client.hpp"
#include "protocol/ack_codec.hpp"

namespace croft::data {

// At most one message is on its way to each node; what is stored meanwhile joins the next. So the
// slower the broker, the more each message tells, and nothing else waits long behind them: under
// load, one message a batch would wait for its PUBACK until nodes send everything again. On the
// loop.
class NodeAcks {
 public:
  NodeAcks(mqtt::Client&, Metrics&);
  ~NodeAcks();

  void tell(const DeviceId&, std::uint32_t boot, std::span<const protocol::SeqRange>);
  // Waits until everything told has reached the broker, or `limit`.
  Task<void> settle(std::chrono::milliseconds limit);

 private:
  struct State;
  static Task<void> send(std::shared_ptr<State>, DeviceId);

  std::shared_ptr<State> state_;
};

// Both together, in order, joined where they meet.
std::vector<protocol::SeqRange> join(std::span<const protocol::SeqRange>,
                                     std::span<const protocol::SeqRange>);

}  // namespace croft::data

// Fuzzes what a node hears: any sequence of messages, ticks, cuts and reconnections.
// SPDX-License-Identifier: Apache-2.0
#include <cstdint>
#include <cstdlib>

#include "device/core/scripted.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace croft::core;
  Greenhouse house(20);
  house.node->start();
  house.connect();
  std::string_view rest(reinterpret_cast<const char*>(data), size);
  while (!rest.empty()) {
    const char what = rest[0];
    rest.remove_prefix(1);
    const std::string_view message = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(message.size() < rest.size() ? message.size() + 1 : message.size());
    switch (what) {
      case 'a':
        house.node->on_message("croft/v1/d1/telemetry/ack", message);
        break;
      case 'c':
        house.node->on_message("croft/v1/d1/command", message);
        break;
      case 'l':
        house.lose();
        break;
      case 'r':
        house.connect();
        break;
      default:
        house.pass(static_cast<unsigned char>(what) * 40u);
        break;
    }
    const Outbox& outbox = house.node->outbox();
    const NodeStats& stats = house.node->stats();
    if (outbox.in_flight() > outbox.unacknowledged()) std::abort();
    if (stats.stored + outbox.unacknowledged() + outbox.dropped() != stats.sampled) std::abort();
  }
  for (const std::string& line : house.board.lines) {
    if (line == "told twice") std::abort();
  }
  return 0;
}

// Fuzzes the telemetry/ack decoder, with a round trip of what it accepts.
// SPDX-License-Identifier: Apache-2.0
#include <cstdint>
#include <cstdlib>

#include "protocol/ack_codec.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace croft::protocol;
  Ack ack;
  if (!decode_ack({reinterpret_cast<const char*>(data), size}, ack)) return 0;
  char buffer[kMaxAckBytes];
  Ack back;
  if (!decode_ack(encode_ack(ack, buffer, sizeof buffer), back)) std::abort();
  if (back.boot != ack.boot || back.count != ack.count) std::abort();
  return 0;
}

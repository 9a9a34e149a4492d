// Fuzzes the decoder with a stream of packets, and checks that a publish survives the round trip.
// SPDX-License-Identifier: Apache-2.0
#include <cstdlib>

#include "mqtt/packets.hpp"

using namespace croft::mqtt;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view bytes(reinterpret_cast<const char*>(data), size);
  while (!bytes.empty()) {
    const Frame frame = first_frame(bytes);
    if (frame.state != Frame::State::whole) break;
    const auto packet =
        decode(static_cast<std::uint8_t>(bytes[0]),
               bytes.substr(frame.header_bytes, frame.total_bytes - frame.header_bytes));
    if (packet && std::holds_alternative<Publish>(*packet)) {
      const auto& publish = std::get<Publish>(*packet);
      std::string out;
      encode_publish(out, publish);
      const Frame again = first_frame(out);
      const auto back = decode(static_cast<std::uint8_t>(out[0]),
                               std::string_view(out).substr(again.header_bytes));
      if (again.total_bytes != out.size() || !back) std::abort();
      const auto& same = std::get<Publish>(*back);
      if (same.topic != publish.topic || same.payload != publish.payload ||
          same.packet_id != publish.packet_id || same.expiry_s != publish.expiry_s)
        std::abort();
    }
    bytes.remove_prefix(frame.total_bytes);
  }
  return 0;
}

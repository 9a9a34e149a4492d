// Fuzzes the command, command/ack and state decoders, with a round trip of what they accept.
// SPDX-License-Identifier: Apache-2.0
#include <cstdint>
#include <cstdlib>

#include "protocol/command_codec.hpp"

namespace {

using namespace croft::protocol;

void must(bool condition) {
  if (!condition) std::abort();
}

void fuzz_command(std::string_view payload) {
  Command command, back;
  if (!decode_command(payload, command)) return;
  char buffer[kMaxCommandBytes];
  must(static_cast<bool>(decode_command(encode_command(command, buffer, sizeof buffer), back)));
  must(back.id.view() == command.id.view() && back.actuator.view() == command.actuator.view());
  must(back.on == command.on && back.for_seconds == command.for_seconds);
  must(back.expires_ms == command.expires_ms);
}

void fuzz_command_ack(std::string_view payload) {
  CommandAck ack, back;
  if (!decode_command_ack(payload, ack)) return;
  char buffer[kMaxCommandAckBytes];
  must(static_cast<bool>(decode_command_ack(encode_command_ack(ack, buffer, sizeof buffer), back)));
  must(back.id.view() == ack.id.view() && back.done == ack.done);
  must(ack.done ? back.on == ack.on : back.reason.view() == ack.reason.view());
}

void fuzz_state(std::string_view payload) {
  ActuatorState state, back;
  if (!decode_state(payload, state)) return;
  char buffer[kMaxStateBytes];
  must(static_cast<bool>(decode_state(encode_state(state, buffer, sizeof buffer), back)));
  must(back.count == state.count);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view payload(reinterpret_cast<const char*>(data), size);
  fuzz_command(payload);
  fuzz_command_ack(payload);
  fuzz_state(payload);
  return 0;
}

// Encoding of the MQTT 5 packets a client sends.
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "mqtt/packets.hpp"

namespace croft::mqtt {
namespace {

void put_byte(std::string& out, unsigned value) { out.push_back(static_cast<char>(value)); }

void put_two(std::string& out, unsigned value) {
  put_byte(out, value >> 8 & 0xff);
  put_byte(out, value & 0xff);
}

void put_four(std::string& out, std::uint32_t value) {
  put_two(out, value >> 16);
  put_two(out, value & 0xffff);
}

void put_variable(std::string& out, std::size_t value) {
  do {
    const unsigned low = value & 0x7f;
    value >>= 7;
    put_byte(out, low | (value > 0 ? 0x80 : 0));
  } while (value > 0);
}

std::size_t variable_bytes(std::size_t value) {
  return value < 128 ? 1 : value < 16'384 ? 2 : value < 2'097'152 ? 3 : 4;
}

// MQTT texts end at 65,535 bytes; what is longer is cut, as the broker would refuse it anyway.
void put_text(std::string& out, std::string_view text) {
  text = text.substr(0, 65'535);
  put_two(out, static_cast<unsigned>(text.size()));
  out.append(text);
}

void put_packet(std::string& out, unsigned first, std::string_view body) {
  put_byte(out, first);
  put_variable(out, body.size());
  out.append(body);
}

std::size_t publish_body_bytes(const Publish& publish) {
  return 2 + publish.topic.size() + (publish.qos > 0 ? 2 : 0) + 1 + (publish.expiry_s ? 5 : 0) +
         publish.payload.size();
}

}  // namespace

void encode_connect(std::string& out, const Options& options, std::string_view client_id,
                    bool clean_start) {
  std::string body;
  put_text(body, "MQTT");
  put_byte(body, 5);
  unsigned flags = clean_start ? 0x02 : 0;
  if (options.will) {
    flags |= 0x04 | static_cast<unsigned>(std::clamp(options.will->qos, 0, 2)) << 3;
    if (options.will->retain) flags |= 0x20;
  }
  if (!options.password.empty()) flags |= 0x40;
  if (!options.username.empty()) flags |= 0x80;
  put_byte(body, flags);
  put_two(body,
          static_cast<unsigned>(std::clamp<std::int64_t>(options.keep_alive.count(), 0, 65'535)));

  const std::int64_t expiry =
      std::clamp<std::int64_t>(options.session_expiry.count(), 0, 0xfffffffe);
  put_variable(body, 5 + 3 + 5);
  put_byte(body, 0x11);
  put_four(body, static_cast<std::uint32_t>(expiry));
  put_byte(body, 0x21);
  put_two(body, std::max<unsigned>(options.receive_maximum, 1));
  put_byte(body, 0x27);
  put_four(body, std::max<std::uint32_t>(options.maximum_packet_bytes, 64));

  put_text(body, client_id);
  if (options.will) {
    put_variable(body, 0);
    put_text(body, options.will->topic);
    put_text(body, options.will->payload);
  }
  if (!options.username.empty()) put_text(body, options.username);
  if (!options.password.empty()) put_text(body, options.password);
  put_packet(out, 0x10, body);
}

void encode_subscribe(std::string& out, std::uint16_t packet_id, std::string_view filter, int qos) {
  std::string body;
  put_two(body, packet_id);
  put_variable(body, 0);
  put_text(body, filter);
  put_byte(body, static_cast<unsigned>(std::clamp(qos, 0, 1)));
  put_packet(out, 0x82, body);
}

void encode_unsubscribe(std::string& out, std::uint16_t packet_id, std::string_view filter) {
  std::string body;
  put_two(body, packet_id);
  put_variable(body, 0);
  put_text(body, filter);
  put_packet(out, 0xa2, body);
}

std::size_t publish_bytes(const Publish& publish) {
  const std::size_t body = publish_body_bytes(publish);
  return 1 + variable_bytes(body) + body;
}

void encode_publish(std::string& out, const Publish& publish) {
  put_byte(out, 0x30u | (publish.duplicate ? 0x08 : 0) | static_cast<unsigned>(publish.qos << 1) |
                    (publish.retain ? 0x01 : 0));
  put_variable(out, publish_body_bytes(publish));
  put_text(out, publish.topic);
  if (publish.qos > 0) put_two(out, publish.packet_id);
  put_variable(out, publish.expiry_s ? 5 : 0);
  if (publish.expiry_s) {
    put_byte(out, 0x02);
    put_four(out, *publish.expiry_s);
  }
  out.append(publish.payload);
}

void encode_acknowledgement(std::string& out, Acknowledgement::Kind kind, std::uint16_t packet_id) {
  put_byte(out,
           static_cast<unsigned>(kind) << 4 | (kind == Acknowledgement::Kind::pubrel ? 0x02 : 0));
  put_byte(out, 2);
  put_two(out, packet_id);
}

void encode_pingreq(std::string& out) {
  put_byte(out, 0xc0);
  put_byte(out, 0);
}

void encode_disconnect(std::string& out, std::uint8_t reason) {
  put_byte(out, 0xe0);
  if (reason == kSuccess) {
    put_byte(out, 0);
    return;
  }
  put_byte(out, 2);
  put_byte(out, reason);
  put_byte(out, 0);
}

}  // namespace croft::mqtt

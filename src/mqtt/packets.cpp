// Decoding of MQTT 5 packets: every length is checked before it is believed.
// SPDX-License-Identifier: Apache-2.0
#include "mqtt/packets.hpp"

namespace croft::mqtt {
namespace {

// Reads forward through bytes it does not own; once something did not fit, ok() stays false and
// every further read gives zero.
class Reader {
 public:
  explicit Reader(std::string_view bytes) : rest_(bytes) {}

  bool ok() const { return ok_; }
  bool empty() const { return rest_.empty(); }

  std::string_view take(std::size_t count) {
    if (count > rest_.size()) {
      ok_ = false;
      rest_ = {};
      return {};
    }
    const std::string_view taken = rest_.substr(0, count);
    rest_.remove_prefix(count);
    return taken;
  }
  std::string_view all() { return take(rest_.size()); }
  std::uint32_t number(std::size_t bytes) {
    std::uint32_t value = 0;
    for (const char c : take(bytes)) value = value << 8 | static_cast<std::uint8_t>(c);
    return value;
  }
  std::uint8_t byte() { return static_cast<std::uint8_t>(number(1)); }
  std::uint16_t two() { return static_cast<std::uint16_t>(number(2)); }
  std::string_view text() { return take(two()); }
  std::uint32_t variable() {
    std::uint32_t value = 0;
    for (int shift = 0; shift < 28; shift += 7) {
      const std::uint8_t next = byte();
      value |= static_cast<std::uint32_t>(next & 0x7f) << shift;
      if ((next & 0x80) == 0) return value;
    }
    ok_ = false;
    return 0;
  }

 private:
  std::string_view rest_;
  bool ok_ = true;
};

struct Property {
  std::uint8_t id = 0;
  std::uint32_t number = 0;
  std::string_view text;
};

enum PropertyId : std::uint8_t {
  kMessageExpiry = 0x02,
  kAssignedClientId = 0x12,
  kServerKeepAlive = 0x13,
  kReasonText = 0x1f,
  kReceiveMaximum = 0x21,
  kTopicAlias = 0x23,
  kMaximumQos = 0x24,
  kRetainAvailable = 0x25,
  kMaximumPacket = 0x27,
};

bool read_property(Reader& in, Property& property) {
  property.id = in.byte();
  switch (property.id) {
    case 0x01:
    case 0x17:
    case 0x19:
    case 0x24:
    case 0x25:
    case 0x28:
    case 0x29:
    case 0x2a:
      property.number = in.byte();
      break;
    case 0x13:
    case 0x21:
    case 0x22:
    case 0x23:
      property.number = in.two();
      break;
    case 0x02:
    case 0x11:
    case 0x18:
    case 0x27:
      property.number = in.number(4);
      break;
    case 0x0b:
      property.number = in.variable();
      break;
    case 0x03:
    case 0x08:
    case 0x09:
    case 0x12:
    case 0x15:
    case 0x16:
    case 0x1a:
    case 0x1c:
    case 0x1f:
      property.text = in.text();
      break;
    case 0x26:  // a user property: a name and a value, neither of interest
      in.text();
      property.text = in.text();
      break;
    default:
      return false;
  }
  return in.ok();
}

// Calls `use` with each property; false when the block is malformed or `use` refuses one.
template <class Use>
bool read_properties(Reader& in, Use use) {
  Reader block(in.take(in.variable()));
  if (!in.ok()) return false;
  while (!block.empty()) {
    Property property;
    if (!read_property(block, property) || !use(property)) return false;
  }
  return true;
}

bool skip_properties(Reader& in) {
  return read_properties(in, [](const Property&) { return true; });
}

bool use_connack_property(Connack& connack, const Property& property) {
  switch (property.id) {
    case kReceiveMaximum:
      connack.receive_maximum = static_cast<std::uint16_t>(property.number);
      return property.number > 0;
    case kMaximumPacket:
      connack.maximum_packet_bytes = property.number;
      return property.number > 0;
    case kMaximumQos:
      connack.maximum_qos = static_cast<std::uint8_t>(property.number);
      return property.number <= 1;
    case kRetainAvailable:
      connack.retain_available = property.number != 0;
      return property.number <= 1;
    case kServerKeepAlive:
      connack.keep_alive_s = static_cast<std::uint16_t>(property.number);
      return true;
    case kAssignedClientId:
      connack.client_id = property.text;
      return true;
    case kReasonText:
      connack.reason_text = property.text;
      return true;
    default:
      return true;
  }
}

std::optional<Packet> decode_connack(Reader in) {
  Connack connack;
  const std::uint8_t flags = in.byte();
  connack.reason = in.byte();
  connack.session_present = (flags & 1) != 0;
  // A broker of MQTT 3.1.1 refuses our version in two bytes, without properties.
  if (in.ok() && in.empty() && connack.reason != kSuccess) return connack;
  const bool good = read_properties(
      in, [&](const Property& property) { return use_connack_property(connack, property); });
  if (!good || (flags & 0xfe) != 0 || !in.empty()) return std::nullopt;
  return connack;
}

std::optional<Packet> decode_publish(std::uint8_t first, Reader in) {
  Publish publish;
  publish.qos = (first >> 1) & 3;
  publish.retain = (first & 1) != 0;
  publish.duplicate = (first & 8) != 0;
  publish.topic = in.text();
  if (publish.qos > 0) publish.packet_id = in.two();
  const bool good = read_properties(in, [&](const Property& property) {
    if (property.id == kMessageExpiry) publish.expiry_s = property.number;
    return property.id != kTopicAlias;  // we allow the broker none
  });
  publish.payload = in.all();
  if (!good || !in.ok() || publish.qos > 2 || !valid_topic(publish.topic)) return std::nullopt;
  if (publish.qos > 0 && publish.packet_id == 0) return std::nullopt;
  return publish;
}

std::optional<Packet> decode_acknowledgement(std::uint8_t first, Reader in) {
  Acknowledgement ack;
  ack.kind = static_cast<Acknowledgement::Kind>(first >> 4);
  ack.packet_id = in.two();
  if (!in.empty()) ack.reason = in.byte();
  if (!in.empty() && !skip_properties(in)) return std::nullopt;
  if (!in.ok() || !in.empty() || ack.packet_id == 0) return std::nullopt;
  return ack;
}

std::optional<Packet> decode_suback(std::uint8_t first, Reader in) {
  Suback suback;
  suback.unsubscribed = first >> 4 == 11;
  suback.packet_id = in.two();
  if (!skip_properties(in)) return std::nullopt;
  suback.reasons = in.all();
  if (!in.ok() || suback.packet_id == 0 || suback.reasons.empty()) return std::nullopt;
  return suback;
}

std::optional<Packet> decode_disconnect(Reader in) {
  Disconnect disconnect;
  if (!in.empty()) disconnect.reason = in.byte();
  if (!in.empty()) {
    const bool good = read_properties(in, [&](const Property& property) {
      if (property.id == kReasonText) disconnect.reason_text = property.text;
      return true;
    });
    if (!good || !in.empty()) return std::nullopt;
  }
  return disconnect;
}

}  // namespace

Frame first_frame(std::string_view bytes) {
  Frame frame;
  std::size_t length = 0;
  for (std::size_t i = 1; i < bytes.size() && i < 5; ++i) {
    const auto next = static_cast<std::uint8_t>(bytes[i]);
    length |= static_cast<std::size_t>(next & 0x7f) << (7 * (i - 1));
    if ((next & 0x80) != 0) continue;
    frame.header_bytes = i + 1;
    frame.total_bytes = i + 1 + length;
    frame.state = bytes.size() < frame.total_bytes ? Frame::State::partial : Frame::State::whole;
    return frame;
  }
  if (bytes.size() >= 5) frame.state = Frame::State::malformed;
  return frame;
}

std::optional<Packet> decode(std::uint8_t first, std::string_view body) {
  const std::uint8_t type = first >> 4;
  const std::uint8_t flags = first & 0x0f;
  if (type == 3) return decode_publish(first, Reader(body));
  if (flags != (type == 6 ? 2 : 0)) return std::nullopt;
  switch (type) {
    case 2:
      return decode_connack(Reader(body));
    case 4:
    case 5:
    case 6:
    case 7:
      return decode_acknowledgement(first, Reader(body));
    case 9:
    case 11:
      return decode_suback(first, Reader(body));
    case 13:
      if (!body.empty()) return std::nullopt;
      return Pingresp{};
    case 14:
      return decode_disconnect(Reader(body));
    default:
      return std::nullopt;
  }
}

std::string_view describe_reason(std::uint8_t reason) {
  switch (reason) {
    case 0x00:
      return "normal";
    case 0x10:
      return "no matching subscribers";
    case 0x81:
      return "malformed packet";
    case 0x82:
      return "protocol error";
    case 0x83:
      return "implementation specific error";
    case 0x84:
    case 0x01:
      return "the broker does not speak MQTT 5";
    case 0x85:
      return "client identifier not valid";
    case 0x86:
      return "bad user name or password";
    case 0x87:
      return "not authorized";
    case 0x88:
      return "server unavailable";
    case 0x89:
      return "server busy";
    case 0x8a:
      return "banned";
    case 0x8b:
      return "server shutting down";
    case 0x8d:
      return "keep alive timeout";
    case 0x8e:
      return "session taken over by another client with the same id";
    case 0x8f:
      return "topic filter invalid";
    case 0x90:
      return "topic name invalid";
    case 0x93:
      return "receive maximum exceeded";
    case 0x95:
      return "packet too large";
    case 0x96:
      return "message rate too high";
    case 0x97:
      return "quota exceeded";
    case 0x98:
      return "administrative action";
    case 0x99:
      return "payload format invalid";
    case 0x9a:
      return "retain not supported";
    case 0x9b:
      return "QoS not supported";
    case 0x9e:
      return "shared subscriptions not supported";
    case 0xa2:
      return "wildcard subscriptions not supported";
    default:
      return reason < 0x80 ? "success" : "refused for another reason";
  }
}

}  // namespace croft::mqtt

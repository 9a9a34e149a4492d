// The MQTT 5 codec: packets we send are appended to a buffer, packets we receive are read in place.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "mqtt/client.hpp"

namespace croft::mqtt {

// The reason codes that mean something to us; others are judged by being below or above 0x80.
enum Reason : std::uint8_t {
  kSuccess = 0x00,
  kNoMatchingSubscribers = 0x10,
  kMalformedPacket = 0x81,
  kProtocolError = 0x82,
  kClientIdInvalid = 0x85,
  kBadCredentials = 0x86,
  kNotAuthorized = 0x87,
  kBanned = 0x8a,
  kSessionTakenOver = 0x8e,
  kTopicInvalid = 0x90,
  kPacketTooLarge = 0x95,
  kQuotaExceeded = 0x97,
  kPayloadInvalid = 0x99,
};
// "not authorized" for 0x87; never empty.
std::string_view describe_reason(std::uint8_t reason);

constexpr std::uint32_t kLargestPacket = 268'435'455 + 5;  // a four byte length and its header

// ---- what we receive; texts point into the bytes that were decoded -----------------------------

struct Connack {
  bool session_present = false;
  std::uint8_t reason = kSuccess;
  std::uint16_t receive_maximum = 65535;
  std::uint32_t maximum_packet_bytes = kLargestPacket;
  std::uint8_t maximum_qos = 2;
  bool retain_available = true;
  std::optional<std::uint16_t> keep_alive_s;
  std::string_view client_id;  // assigned by the broker because ours was empty
  std::string_view reason_text;
};

struct Publish {
  std::string_view topic;
  std::string_view payload;
  std::uint16_t packet_id = 0;  // 0 with QoS 0
  std::uint8_t qos = 0;
  bool retain = false;
  bool duplicate = false;
  std::optional<std::uint32_t> expiry_s;
};

// PUBACK, PUBREC, PUBREL or PUBCOMP.
struct Acknowledgement {
  enum class Kind : std::uint8_t { puback = 4, pubrec = 5, pubrel = 6, pubcomp = 7 };
  Kind kind = Kind::puback;
  std::uint16_t packet_id = 0;
  std::uint8_t reason = kSuccess;
};

// SUBACK or UNSUBACK: one reason a filter, in the order they were sent.
struct Suback {
  bool unsubscribed = false;
  std::uint16_t packet_id = 0;
  std::string_view reasons;
};

struct Pingresp {};

struct Disconnect {
  std::uint8_t reason = kSuccess;
  std::string_view reason_text;
};

using Packet = std::variant<Connack, Publish, Acknowledgement, Suback, Pingresp, Disconnect>;

// Where the first packet of `bytes` ends.
struct Frame {
  enum class State { whole, partial, malformed };
  State state = State::partial;
  std::size_t header_bytes = 0;  // valid with whole
  std::size_t total_bytes = 0;   // header and body; with partial: 0 until the length is known
};
Frame first_frame(std::string_view bytes);

// `first` is the packet's first byte, `body` all after its length. Nothing when it breaks a rule
// of MQTT 5 or is of a kind that only clients send.
std::optional<Packet> decode(std::uint8_t first, std::string_view body);

// ---- what we send; each appends one packet to `out` --------------------------------------------

// `clean_start` and `client_id` replace those in `options`.
void encode_connect(std::string& out, const Options& options, std::string_view client_id,
                    bool clean_start);
void encode_subscribe(std::string& out, std::uint16_t packet_id, std::string_view filter, int qos);
void encode_unsubscribe(std::string& out, std::uint16_t packet_id, std::string_view filter);
void encode_publish(std::string& out, const Publish& publish);
// The bytes encode_publish() appends.
std::size_t publish_bytes(const Publish& publish);
void encode_acknowledgement(std::string& out, Acknowledgement::Kind kind, std::uint16_t packet_id);
void encode_pingreq(std::string& out);
void encode_disconnect(std::string& out, std::uint8_t reason);

}  // namespace croft::mqtt

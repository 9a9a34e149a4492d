// Tests of the codec: vectors from the specification, round trips, and every way to be cut short.
// SPDX-License-Identifier: Apache-2.0
#include "mqtt/packets.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace croft::mqtt {
namespace {

std::string bytes(std::initializer_list<unsigned> values) {
  std::string text;
  for (const unsigned value : values) text.push_back(static_cast<char>(value));
  return text;
}

// Decodes a whole packet with its header.
std::optional<Packet> read(std::string_view packet) {
  const Frame frame = first_frame(packet);
  if (frame.state != Frame::State::whole || frame.total_bytes != packet.size()) return std::nullopt;
  return decode(static_cast<std::uint8_t>(packet[0]), packet.substr(frame.header_bytes));
}

// One good packet of each kind a broker sends, with properties of every type.
std::vector<std::string> good_packets() {
  return {
      bytes({0x20, 3, 1, 0, 0}),
      bytes({0x20, 52,   0,    0,    49, 0x11, 0,   0,    0,    60,   0x21, 0,    20,  0x24,
             1,    0x25, 0,    0x27, 0,  16,   0,   0,    0x12, 0,    2,    'm',  'e', 0x22,
             0,    0,    0x1f, 0,    2,  'o',  'k', 0x28, 1,    0x29, 1,    0x2a, 0,   0x13,
             0,    30,   0x26, 0,    1,  'a',  0,   1,    'b',  0x16, 0,    0}),
      bytes({0x30, 6, 0, 1, 'a', 0, 'h', 'i'}),
      bytes({0x3b, 28, 0,    3,    'a',  '/',  'b', 0x12, 0x34, 18,   0x02, 0, 0,   1,   0,
             0x01, 1,  0x0b, 0x80, 0x01, 0x08, 0,   1,    'r',  0x09, 0,    1, 'c', '!', '!'}),
      bytes({0x34, 6, 0, 1, 'a', 0, 9, 0}),
      bytes({0x40, 2, 0x12, 0x34}),
      bytes({0x40, 3, 0x12, 0x34, 0x10}),
      bytes({0x40, 9, 0x12, 0x34, 0x87, 5, 0x1f, 0, 2, 'n', 'o'}),
      bytes({0x50, 2, 0, 1}),
      bytes({0x62, 2, 0, 1}),
      bytes({0x70, 2, 0, 1}),
      bytes({0x90, 5, 0, 7, 0, 1, 0x87}),
      bytes({0xb0, 4, 0, 7, 0, 0x11}),
      bytes({0xd0, 0}),
      bytes({0xe0, 0}),
      bytes({0xe0, 1, 0x8e}),
      bytes({0xe0, 8, 0x8b, 6, 0x1f, 0, 3, 'b', 'y', 'e'}),
  };
}

TEST(Packets, ReadsEveryKindABrokerSends) {
  for (const std::string& packet : good_packets())
    EXPECT_TRUE(read(packet)) << "first byte " << int(static_cast<std::uint8_t>(packet[0]))
                              << ", size " << packet.size();
}

TEST(Packets, ReadsWhatTheBrokerGrants) {
  const std::string packet = good_packets()[1];
  const auto read_back = read(packet);
  ASSERT_TRUE(read_back);
  const auto& connack = std::get<Connack>(*read_back);
  EXPECT_FALSE(connack.session_present);
  EXPECT_EQ(connack.receive_maximum, 20);
  EXPECT_EQ(connack.maximum_packet_bytes, 1'048'576u);
  EXPECT_EQ(connack.maximum_qos, 1);
  EXPECT_FALSE(connack.retain_available);
  EXPECT_EQ(connack.keep_alive_s, 30);
  EXPECT_EQ(connack.client_id, "me");
  EXPECT_EQ(connack.reason_text, "ok");
  EXPECT_TRUE(std::get<Connack>(*read(good_packets()[0])).session_present);
}

TEST(Packets, ReadsAPublishWithItsFlagsAndExpiry) {
  const std::string packet = good_packets()[3];
  const auto read_back = read(packet);
  ASSERT_TRUE(read_back);
  const auto& publish = std::get<Publish>(*read_back);
  EXPECT_EQ(publish.topic, "a/b");
  EXPECT_EQ(publish.payload, "!!");
  EXPECT_EQ(publish.packet_id, 0x1234);
  EXPECT_EQ(publish.qos, 1);
  EXPECT_TRUE(publish.retain);
  EXPECT_TRUE(publish.duplicate);
  EXPECT_EQ(publish.expiry_s, 256u);
}

TEST(Packets, ReadsReasonsOfAcknowledgements) {
  EXPECT_EQ(std::get<Acknowledgement>(*read(bytes({0x40, 2, 0x12, 0x34}))).reason, kSuccess);
  const auto nobody = std::get<Acknowledgement>(*read(bytes({0x40, 3, 0x12, 0x34, 0x10})));
  EXPECT_EQ(nobody.reason, kNoMatchingSubscribers);
  EXPECT_EQ(nobody.packet_id, 0x1234);
  const std::string suback = bytes({0x90, 5, 0, 7, 0, 1, 0x87});
  EXPECT_EQ(std::get<Suback>(*read(suback)).reasons, bytes({1, 0x87}));
  EXPECT_EQ(std::get<Disconnect>(*read(bytes({0xe0, 1, 0x8e}))).reason, kSessionTakenOver);
}

TEST(Packets, RefusesEveryPacketCutShortAnywhere) {
  for (const std::string& packet : good_packets()) {
    for (std::size_t size = 0; size < packet.size(); ++size)
      EXPECT_NE(first_frame(std::string_view(packet).substr(0, size)).state, Frame::State::whole);
    // The same with a length that fits what is left: each cut is judged by the decoder itself, on
    // a heap copy so that a sanitizer sees a read beyond it. Some prefixes are packets themselves.
    const std::string body = packet.substr(2);
    for (std::size_t size = 0; size < body.size(); ++size) {
      const std::vector<char> copy(body.begin(), body.begin() + static_cast<std::ptrdiff_t>(size));
      const auto read_back =
          decode(static_cast<std::uint8_t>(packet[0]), {copy.data(), copy.size()});
      const unsigned type = static_cast<std::uint8_t>(packet[0]) >> 4;
      const bool may_end_early =
          (type == 3 && size >= 4) || (type >= 4 && type <= 7 && size >= 2) ||
          (type == 9 && size >= 4) || (type == 14 && size <= 1) || (type == 2 && size == 2);
      if (!may_end_early) EXPECT_FALSE(read_back) << "type " << type << " cut to " << size;
    }
  }
}

TEST(Packets, RefusesExtraBytesAfterWhatHasAnEnd) {
  for (const std::string& packet : good_packets()) {
    const unsigned type = static_cast<std::uint8_t>(packet[0]) >> 4;
    if (type == 3 || type == 9 || type == 11) continue;          // these run to the end
    if (type >= 4 && type <= 7 && packet.size() == 4) continue;  // a reason may follow
    if (type == 14 && packet.size() == 2) continue;
    const std::string longer = packet.substr(2) + "x";
    EXPECT_FALSE(decode(static_cast<std::uint8_t>(packet[0]), longer)) << "type " << type;
  }
}

TEST(Packets, RefusesLengthsThatNeverEnd) {
  EXPECT_EQ(first_frame(bytes({0x30, 0x80})).state, Frame::State::partial);
  EXPECT_EQ(first_frame(bytes({0x30, 0x80, 0x80, 0x80})).state, Frame::State::partial);
  EXPECT_EQ(first_frame(bytes({0x30, 0x80, 0x80, 0x80, 0x80})).state, Frame::State::malformed);
  EXPECT_EQ(first_frame(bytes({0x30, 0xff, 0xff, 0xff, 0x7f})).total_bytes, kLargestPacket);
  // The same inside: a property block and a subscription identifier.
  EXPECT_FALSE(read(bytes({0x20, 6, 0, 0, 0x80, 0x80, 0x80, 0x80})));
  EXPECT_FALSE(read(bytes({0x30, 9, 0, 1, 'a', 5, 0x0b, 0x80, 0x80, 0x80, 0x80})));
}

TEST(Packets, RefusesWhatTheSpecificationForbids) {
  EXPECT_FALSE(read(bytes({0x36, 6, 0, 1, 'a', 0, 9, 0}))) << "QoS 3";
  EXPECT_FALSE(read(bytes({0x32, 6, 0, 1, 'a', 0, 0, 0}))) << "packet id 0";
  EXPECT_FALSE(read(bytes({0x30, 3, 0, 0, 0}))) << "empty topic";
  EXPECT_FALSE(read(bytes({0x30, 4, 0, 1, '#', 0}))) << "wildcard in a topic";
  EXPECT_FALSE(read(bytes({0x30, 7, 0, 1, 'a', 3, 0x23, 0, 1})))
      << "topic alias, of which we allow 0";
  EXPECT_FALSE(read(bytes({0x30, 6, 0, 1, 'a', 2, 0x7f, 0}))) << "unknown property";
  EXPECT_FALSE(read(bytes({0x20, 6, 0, 0, 3, 0x21, 0, 0}))) << "receive maximum 0";
  EXPECT_FALSE(read(bytes({0x20, 5, 0, 0, 2, 0x24, 2}))) << "maximum QoS 2 is said by silence";
  EXPECT_FALSE(read(bytes({0x20, 3, 2, 0, 0}))) << "reserved CONNACK flag";
  EXPECT_FALSE(read(bytes({0x60, 2, 0, 1}))) << "PUBREL without its flag";
  EXPECT_FALSE(read(bytes({0xd1, 0}))) << "reserved flags";
  EXPECT_FALSE(read(bytes({0x00, 0}))) << "type 0";
  EXPECT_FALSE(read(bytes({0x10, 0}))) << "CONNECT is for clients";
  EXPECT_FALSE(read(bytes({0xc0, 0}))) << "PINGREQ is for clients";
  EXPECT_FALSE(read(bytes({0xf0, 0}))) << "AUTH, which we never start";
}

TEST(Packets, WritesAConnectAsTheSpecificationHasIt) {
  Options options;
  options.username = "u";
  options.password = "p";
  options.keep_alive = std::chrono::seconds(30);
  options.session_expiry = std::chrono::seconds(60);
  options.receive_maximum = 20;
  options.maximum_packet_bytes = 65'536;
  options.will = Will{"w", "x", 1, true};
  std::string out;
  encode_connect(out, options, "id", true);
  EXPECT_EQ(out, bytes({0x10, 41, 0,  4,    'M', 'Q', 'T',  'T', 5, 0xee, 0, 30, 13, 0x11, 0,
                        0,    0,  60, 0x21, 0,   20,  0x27, 0,   1, 0,    0, 0,  2,  'i',  'd',
                        0,    0,  1,  'w',  0,   1,   'x',  0,   1, 'u',  0, 1,  'p'}));
}

TEST(Packets, WritesSubscriptionsAndGoodbyes) {
  std::string out;
  encode_subscribe(out, 0x1234, "a/+", 2);
  EXPECT_EQ(out, bytes({0x82, 9, 0x12, 0x34, 0, 0, 3, 'a', '/', '+', 1})) << "QoS 1 at most";
  out.clear();
  encode_unsubscribe(out, 1, "a");
  EXPECT_EQ(out, bytes({0xa2, 6, 0, 1, 0, 0, 1, 'a'}));
  out.clear();
  encode_pingreq(out);
  encode_disconnect(out, kSuccess);
  encode_disconnect(out, kPacketTooLarge);
  encode_acknowledgement(out, Acknowledgement::Kind::puback, 0x1234);
  EXPECT_EQ(out, bytes({0xc0, 0, 0xe0, 0, 0xe0, 2, 0x95, 0, 0x40, 2, 0x12, 0x34}));
}

TEST(Packets, ReadsBackEveryPublishItWrites) {
  for (const std::size_t size : {0u, 1u, 100u, 127u, 128u, 16'300u, 16'384u, 2'100'000u}) {
    for (int qos = 0; qos <= 1; ++qos) {
      const std::string payload(size, 'x');
      Publish publish;
      publish.topic = "croft/v1/node/telemetry";
      publish.payload = payload;
      publish.qos = static_cast<std::uint8_t>(qos);
      publish.packet_id = qos > 0 ? 65'535 : 0;
      publish.retain = size % 2 == 0;
      publish.duplicate = qos > 0 && size > 100;
      if (size > 1) publish.expiry_s = 4'000'000'000u;
      std::string out;
      encode_publish(out, publish);
      EXPECT_EQ(out.size(), publish_bytes(publish));
      const auto packet = read(out);
      ASSERT_TRUE(packet);
      const auto& back = std::get<Publish>(*packet);
      EXPECT_EQ(back.topic, publish.topic);
      EXPECT_EQ(back.payload.size(), size);
      EXPECT_EQ(back.packet_id, publish.packet_id);
      EXPECT_EQ(back.retain, publish.retain);
      EXPECT_EQ(back.duplicate, publish.duplicate);
      EXPECT_EQ(back.expiry_s, publish.expiry_s);
    }
  }
}

TEST(Packets, DescribesEveryReason) {
  for (unsigned reason = 0; reason < 256; ++reason)
    EXPECT_FALSE(describe_reason(static_cast<std::uint8_t>(reason)).empty());
}

}  // namespace
}  // namespace croft::mqtt

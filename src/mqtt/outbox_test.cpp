// Tests of the outgoing queue: window, order, repetition after a loss, bounds.
// SPDX-License-Identifier: Apache-2.0
#include "mqtt/outbox.hpp"

#include <gtest/gtest.h>

#include <optional>
#include <vector>

namespace croft::mqtt {
namespace {

// What was written, as "payload#id" with "!" for a repetition.
std::vector<std::string> written(std::string_view bytes) {
  std::vector<std::string> packets;
  while (!bytes.empty()) {
    const Frame frame = first_frame(bytes);
    const auto packet =
        decode(static_cast<std::uint8_t>(bytes[0]),
               bytes.substr(frame.header_bytes, frame.total_bytes - frame.header_bytes));
    const auto& publish = std::get<Publish>(*packet);
    packets.push_back(std::string(publish.payload) + "#" + std::to_string(publish.packet_id) +
                      (publish.duplicate ? "!" : ""));
    bytes.remove_prefix(frame.total_bytes);
  }
  return packets;
}

std::vector<std::string> pump(Outbox& outbox) {
  std::string out;
  outbox.pump(out, 1'000'000);
  return written(out);
}

Connack grant(std::uint16_t window, bool session_present = false) {
  Connack connack;
  connack.receive_maximum = window;
  connack.session_present = session_present;
  return connack;
}

using Texts = std::vector<std::string>;

TEST(Outbox, SendsNoMoreThanTheWindowAndGoesOnWithEachAcknowledgement) {
  Outbox outbox(100, 1'000'000);
  for (const char* payload : {"a", "b", "c", "d"}) outbox.add({"t", payload}, nullptr);
  outbox.connected(grant(2));
  EXPECT_EQ(pump(outbox), (Texts{"a#1", "b#2"}));
  EXPECT_EQ(pump(outbox), Texts{});
  outbox.acknowledged(2, kSuccess);
  EXPECT_EQ(pump(outbox), (Texts{"c#3"}));
  outbox.acknowledged(2, kSuccess);  // a second time: nobody's
  EXPECT_EQ(pump(outbox), Texts{});
}

TEST(Outbox, RepeatsWhatWasInFlightFirstAndInOrder) {
  Outbox outbox(100, 1'000'000);
  for (const char* payload : {"a", "b", "c", "d"}) outbox.add({"t", payload}, nullptr);
  outbox.connected(grant(3));
  pump(outbox);
  outbox.acknowledged(2, kSuccess);
  outbox.lost();
  outbox.connected(grant(10, true));
  EXPECT_EQ(pump(outbox), (Texts{"a#1!", "c#3!", "d#4"}));
  outbox.lost();
  outbox.connected(grant(1, false));  // a new session knows none of our ids
  EXPECT_EQ(pump(outbox), (Texts{"a#5"}));
}

TEST(Outbox, SendsQos0WithoutAnIdAndCallsItDone) {
  Outbox outbox(100, 1'000'000);
  int done = 0;
  outbox.add({"t", "a", 0}, [&](Result<Client::Reach> reach) { done += reach ? 1 : 0; });
  outbox.connected(grant(1));
  EXPECT_EQ(pump(outbox), Texts{"a#0"});
  EXPECT_EQ(done, 1);
  EXPECT_EQ(outbox.in_flight(), 0u);
}

TEST(Outbox, TellsWhatBecameOfAMessage) {
  const auto outcome = [](std::uint8_t reason) {
    Outbox outbox(100, 1'000'000);
    std::optional<Result<Client::Reach>> told;
    outbox.add({"t", "a"}, [&](Result<Client::Reach> reach) { told = reach; });
    outbox.connected(grant(1));
    pump(outbox);
    outbox.acknowledged(1, reason);
    return *told;
  };
  EXPECT_EQ(outcome(kSuccess).value(), Client::Reach::subscribers);
  EXPECT_EQ(outcome(kNoMatchingSubscribers).value(), Client::Reach::nobody);
  EXPECT_EQ(outcome(kNotAuthorized).error().code, Code::forbidden);
  EXPECT_EQ(outcome(kPacketTooLarge).error().code, Code::too_large);
  EXPECT_EQ(outcome(kQuotaExceeded).error().code, Code::unavailable);
  EXPECT_EQ(outcome(kTopicInvalid).error().code, Code::invalid);
}

TEST(Outbox, RefusesWhatTheBrokerWouldNotTake) {
  Outbox outbox(100, 1'000'000);
  std::optional<Code> code;
  outbox.add({"t", std::string(100, 'x')},
             [&](Result<Client::Reach> reach) { code = reach.error().code; });
  outbox.add({"t", "small"}, nullptr);
  Connack connack = grant(10);
  connack.maximum_packet_bytes = 50;
  outbox.connected(connack);
  EXPECT_EQ(pump(outbox), Texts{"small#1"});
  EXPECT_EQ(code, Code::too_large);
}

TEST(Outbox, IsBoundedByMessagesAndByBytes) {
  Outbox few(2, 1'000'000);
  EXPECT_TRUE(few.add({"t", "a"}, nullptr));
  EXPECT_TRUE(few.add({"t", "b"}, nullptr));
  EXPECT_FALSE(few.add({"t", "c"}, nullptr));
  Outbox small(1000, 1000);
  EXPECT_FALSE(small.add({"t", std::string(2000, 'x')}, nullptr));
  int taken = 0;
  while (small.add({"t", std::string(100, 'x')}, nullptr)) ++taken;
  EXPECT_GE(taken, 2);
  EXPECT_LE(taken, 10);
  small.connected(grant(1000));
  pump(small);
  for (std::uint16_t id = 1; id <= taken; ++id) small.acknowledged(id, kSuccess);
  EXPECT_TRUE(small.add({"t", std::string(100, 'x')}, nullptr)) << "acknowledged bytes are free";
}

TEST(Outbox, AnswersExpiredMessagesAndKeepsTheOthers) {
  Outbox outbox(100, 1'000'000);
  std::optional<Code> code;
  outbox.add({"t", "old", 1, false, std::chrono::seconds(0)},
             [&](Result<Client::Reach> reach) { code = reach.error().code; });
  outbox.add({"t", "young", 1, false, std::chrono::seconds(60)}, nullptr);
  outbox.drop_expired();
  EXPECT_EQ(code, Code::unavailable);
  outbox.connected(grant(10));
  EXPECT_EQ(pump(outbox), Texts{"young#1"});
}

TEST(Outbox, AnswersEverybodyAtTheEnd) {
  Outbox outbox(100, 1'000'000);
  int told = 0;
  for (int i = 0; i < 4; ++i)
    outbox.add({"t", "a"}, [&](Result<Client::Reach> reach) { told += reach ? 0 : 1; });
  outbox.connected(grant(2));
  pump(outbox);
  outbox.fail_all(fail(Code::unavailable, "over"));
  EXPECT_EQ(told, 4);
  EXPECT_TRUE(outbox.idle());
  EXPECT_EQ(outbox.in_flight(), 0u);
}

TEST(Outbox, GivesOutEveryIdOnceAndNeverZero) {
  Outbox outbox(100'000, 100'000'000);
  for (int i = 0; i < 65'535; ++i) outbox.add({"t", ""}, nullptr);
  outbox.connected(grant(65'535));
  std::string out;
  outbox.pump(out, 100'000'000);
  EXPECT_EQ(outbox.in_flight(), 65'535u);
  EXPECT_EQ(outbox.new_packet_id(), 0);
  outbox.acknowledged(77, kSuccess);
  EXPECT_EQ(outbox.new_packet_id(), 77);
}

}  // namespace
}  // namespace croft::mqtt

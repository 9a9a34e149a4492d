// Messages on their way out: waiting, in flight, acknowledged; knows packets but no socket.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <string>
#include <unordered_map>

#include "mqtt/client.hpp"
#include "mqtt/packets.hpp"

namespace croft::mqtt {

// Keeps every QoS 1 message until the broker acknowledged it, across connections, in the order they
// were added. Bounded by messages and by bytes. The loop owns it.
class Outbox {
 public:
  using SteadyTime = std::chrono::steady_clock::time_point;
  // Called once with what became of a message, from inside the call that found out.
  using Done = std::function<void(Result<Client::Reach>)>;

  Outbox(std::size_t most_messages, std::size_t most_bytes)
      : most_messages_(most_messages), most_bytes_(most_bytes) {}

  // False, and `done` uncalled, when there is no room. `done` may be empty.
  bool add(Message message, Done done);

  // What the broker granted in its CONNACK. When it kept no session, packet ids start anew.
  void connected(const Connack& granted);
  // What was in flight waits again, before everything else.
  void lost();
  // Appends to `out` what the broker's window allows until `out` holds `most` bytes.
  void pump(std::string& out, std::size_t most);
  // The broker's PUBACK. Unknown ids are ignored: they belong to an earlier session.
  void acknowledged(std::uint16_t packet_id, std::uint8_t reason);
  // Answers waiting messages whose expiry has passed; those in flight wait for their PUBACK.
  void drop_expired();
  // Answers everything with `error`.
  void fail_all(const Error& error);

  // An id that no message in flight carries; 0 when all 65,535 do.
  std::uint16_t new_packet_id();

  bool idle() const { return waiting_.empty(); }
  std::size_t waiting() const { return waiting_.size(); }
  std::size_t in_flight() const { return in_flight_.size(); }
  // Messages are numbered as they are added: the last number given, and the last so that it and all
  // before it have been handed to a connection.
  std::uint64_t last_added() const { return last_added_; }
  std::uint64_t last_sent() const {
    return waiting_.empty() ? last_added_ : waiting_.front().number - 1;
  }

 private:
  struct Item {
    Message message;
    Done done;
    std::uint64_t number = 0;
    SteadyTime added;             // from which the expiry counts
    std::uint16_t packet_id = 0;  // from an earlier connection of the same session
  };

  bool send(Item& item, std::string& out);  // false: it was answered instead
  void finish(Item item, Result<Client::Reach> outcome);

  std::deque<Item> waiting_;
  std::unordered_map<std::uint16_t, Item> in_flight_;
  std::size_t most_messages_;
  std::size_t most_bytes_;
  std::size_t held_bytes_ = 0;
  std::uint64_t last_added_ = 0;
  std::uint16_t last_packet_id_ = 0;
  std::uint16_t window_ = 65535;
  std::uint32_t largest_packet_ = kLargestPacket;
  std::uint8_t maximum_qos_ = 2;
  bool retain_available_ = true;
};

}  // namespace croft::mqtt

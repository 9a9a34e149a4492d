// The outgoing queue and its window.
// SPDX-License-Identifier: Apache-2.0
#include "mqtt/outbox.hpp"

#include <algorithm>
#include <utility>
#include <vector>

namespace croft::mqtt {
namespace {

using std::chrono::seconds;
using std::chrono::steady_clock;
using Reach = Client::Reach;

constexpr std::size_t kItemOverhead = 128;  // what an item costs beside its texts, about

std::size_t held(const Message& message) {
  return message.topic.size() + message.payload.size() + kItemOverhead;
}

Error expired() {
  return fail(Code::unavailable, "the message expired before the broker acknowledged it");
}

Result<Reach> outcome_of(std::uint8_t reason) {
  if (reason == kNoMatchingSubscribers) return Reach::nobody;
  if (reason < 0x80) return Reach::subscribers;
  const std::string text =
      "the broker refused the message: " + std::string(describe_reason(reason));
  switch (reason) {
    case kNotAuthorized:
      return fail(Code::forbidden, text);
    case kTopicInvalid:
    case kPayloadInvalid:
      return fail(Code::invalid, text);
    case kPacketTooLarge:
      return fail(Code::too_large, text);
    default:
      return fail(Code::unavailable, text);
  }
}

}  // namespace

bool Outbox::add(Message message, Done done) {
  const std::size_t bytes = held(message);
  if (waiting_.size() >= most_messages_ || held_bytes_ + bytes > most_bytes_) return false;
  held_bytes_ += bytes;
  waiting_.push_back({std::move(message), std::move(done), ++last_added_, steady_clock::now(), 0});
  return true;
}

void Outbox::connected(const Connack& granted) {
  window_ = granted.receive_maximum;
  largest_packet_ = granted.maximum_packet_bytes;
  maximum_qos_ = granted.maximum_qos;
  retain_available_ = granted.retain_available;
  if (granted.session_present) return;
  for (Item& item : waiting_) {
    if (item.packet_id == 0) break;  // only the front can have been in flight
    item.packet_id = 0;
  }
}

void Outbox::lost() {
  std::vector<Item> again;
  again.reserve(in_flight_.size());
  for (auto& [id, item] : in_flight_) {
    item.packet_id = id;
    again.push_back(std::move(item));
  }
  in_flight_.clear();
  std::sort(again.begin(), again.end(),
            [](const Item& a, const Item& b) { return a.number > b.number; });
  for (Item& item : again) waiting_.push_front(std::move(item));
  drop_expired();
}

void Outbox::pump(std::string& out, std::size_t most) {
  while (!waiting_.empty() && out.size() < most) {
    const bool acknowledged = waiting_.front().message.qos > 0 && maximum_qos_ > 0;
    if (acknowledged && in_flight_.size() >= window_) return;
    Item item = std::move(waiting_.front());
    waiting_.pop_front();
    if (!send(item, out)) continue;
    if (!acknowledged) {
      finish(std::move(item), Reach::subscribers);
    } else {
      const std::uint16_t id = item.packet_id;
      in_flight_.emplace(id, std::move(item));
    }
  }
}

bool Outbox::send(Item& item, std::string& out) {
  const Message& message = item.message;
  Publish publish;
  publish.topic = message.topic;
  publish.payload = message.payload;
  publish.qos = message.qos > 0 && maximum_qos_ > 0 ? 1 : 0;
  publish.retain = message.retain && retain_available_;
  if (message.expiry) {
    const auto age = std::chrono::duration_cast<seconds>(steady_clock::now() - item.added);
    if (age >= *message.expiry) {
      finish(std::move(item), expired());
      return false;
    }
    publish.expiry_s = static_cast<std::uint32_t>(
        std::min<std::int64_t>((*message.expiry - age).count(), 0xffffffff));
  }
  if (publish_bytes(publish) > largest_packet_) {
    finish(std::move(item), fail(Code::too_large, "the message is larger than the broker accepts"));
    return false;
  }
  if (publish.qos > 0) {
    publish.duplicate = item.packet_id != 0;
    if (item.packet_id == 0) item.packet_id = new_packet_id();
    publish.packet_id = item.packet_id;
  }
  encode_publish(out, publish);
  return true;
}

void Outbox::acknowledged(std::uint16_t packet_id, std::uint8_t reason) {
  const auto found = in_flight_.find(packet_id);
  if (found == in_flight_.end()) return;
  Item item = std::move(found->second);
  in_flight_.erase(found);
  finish(std::move(item), outcome_of(reason));
}

void Outbox::drop_expired() {
  const SteadyTime now = steady_clock::now();
  std::vector<Item> dropped;
  const auto is_expired = [&](Item& item) {
    if (!item.message.expiry || now - item.added < *item.message.expiry) return false;
    dropped.push_back(std::move(item));
    return true;
  };
  waiting_.erase(std::remove_if(waiting_.begin(), waiting_.end(), is_expired), waiting_.end());
  for (Item& item : dropped) finish(std::move(item), expired());
}

void Outbox::fail_all(const Error& error) {
  std::deque<Item> waiting = std::exchange(waiting_, {});
  auto in_flight = std::exchange(in_flight_, {});
  for (auto& [id, item] : in_flight) finish(std::move(item), error);
  for (Item& item : waiting) finish(std::move(item), error);
}

std::uint16_t Outbox::new_packet_id() {
  for (int tries = 0; tries < 65'535; ++tries) {
    if (++last_packet_id_ == 0) last_packet_id_ = 1;
    if (!in_flight_.contains(last_packet_id_)) return last_packet_id_;
  }
  return 0;
}

void Outbox::finish(Item item, Result<Reach> outcome) {
  held_bytes_ -= held(item.message);
  if (item.done) item.done(std::move(outcome));
}

}  // namespace croft::mqtt

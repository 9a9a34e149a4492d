// Bytes and packets of one connection: reading in place, answering, writing what one turn gathered.
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <boost/asio/buffer.hpp>
#include <boost/asio/post.hpp>
#include <cstring>
#include <stdexcept>
#include <utility>

#include "base/log.hpp"
#include "mqtt/delivery.hpp"
#include "mqtt/session.hpp"

namespace croft::mqtt {
namespace {

using asio::ip::tcp;
using boost::system::error_code;
using std::chrono::steady_clock;

constexpr std::size_t kChunk = 64 * 1024;            // of one read, and of one write
constexpr std::size_t kMostUnfinished = kChunk / 2;  // beyond it a packet gets a buffer of its own
constexpr int kWritesATurn = 16;                     // then others have theirs
constexpr std::size_t kMostOut = 8 * kChunk;  // answers waiting for a broker that does not read

using Chunk = std::unique_ptr<char[]>;

// The thread's one read buffer. Taken out while in use, so that a handler that runs the loop again
// finds none and makes its own.
Chunk& shared_chunk() {
  thread_local Chunk chunk;
  return chunk;
}

log::Throttle& throttle() {
  thread_local log::Throttle lines(10.0);
  return lines;
}

// Whether trying again soon is pointless: somebody has to change something first.
bool lasting(std::uint8_t reason) {
  return reason == kClientIdInvalid || reason == kBadCredentials || reason == kNotAuthorized ||
         reason == kBanned || reason == 0x84 || reason < 0x80;
}

}  // namespace

void Client::Session::read_available() {
  last_received_ = steady_clock::now();
  ping_awaited_ = false;
  if (unfinished_.size() > kMostUnfinished) {
    read_into_unfinished();
  } else {
    read_into_shared();
  }
}

void Client::Session::read_into_shared() {
  Chunk chunk = std::move(shared_chunk());
  if (!chunk) chunk = std::make_unique<char[]>(kChunk);
  const std::size_t kept = unfinished_.size();
  if (kept > 0) std::memcpy(chunk.get(), unfinished_.data(), kept);
  error_code error;
  const std::size_t count = stream_.read_some(chunk.get() + kept, kChunk - kept, error);
  if (error == asio::error::would_block) {
    error = {};
  } else if (error) {
    broken(error);
  } else {
    unfinished_.clear();
    const std::string_view bytes(chunk.get(), kept + count);
    const std::size_t used = parse(bytes);
    if (phase_ != Phase::idle) unfinished_.assign(bytes.substr(used));
  }
  shared_chunk() = std::move(chunk);
}

void Client::Session::read_into_unfinished() {
  const std::size_t kept = unfinished_.size();
  unfinished_.resize(kept + kChunk);
  error_code error;
  const std::size_t count = stream_.read_some(unfinished_.data() + kept, kChunk, error);
  unfinished_.resize(kept + count);
  if (error && error != asio::error::would_block) return broken(error);
  std::string bytes = std::move(unfinished_);  // a handler may end the session's state
  unfinished_.clear();
  const std::size_t used = parse(bytes);
  if (phase_ == Phase::idle) return;
  bytes.erase(0, used);
  unfinished_ = std::move(bytes);
}

// Handles all whole packets and answers how many bytes they had.
std::size_t Client::Session::parse(std::string_view bytes) {
  const std::uint32_t epoch = epoch_;
  std::size_t at = 0;
  while (phase_ != Phase::idle && epoch_ == epoch) {
    const std::string_view rest = bytes.substr(at);
    const Frame frame = first_frame(rest);
    if (frame.state == Frame::State::malformed) {
      close("the broker sent a malformed packet");
    } else if (frame.total_bytes > std::max<std::uint32_t>(options_.maximum_packet_bytes, 64)) {
      close("the broker sent a packet larger than we allow");
    } else if (frame.state == Frame::State::partial) {
      break;
    } else {
      const std::string_view body =
          rest.substr(frame.header_bytes, frame.total_bytes - frame.header_bytes);
      const std::optional<Packet> packet = decode(static_cast<std::uint8_t>(rest[0]), body);
      if (packet) {
        std::visit([this](const auto& one) { handle(one); }, *packet);
      } else {
        close("the broker sent a malformed packet");
      }
      at += frame.total_bytes;
    }
  }
  return at;
}

void Client::Session::handle(const Connack& connack) {
  if (phase_ != Phase::handshaking) return close("the broker sent CONNACK twice");
  if (connack.reason != kSuccess) return refused(connack);
  phase_ = Phase::connected;
  announced_ = true;
  refused_ = false;
  connected_at_ = last_received_;
  if (!connack.client_id.empty()) client_id_ = std::string(connack.client_id);
  keep_alive_ = options_.keep_alive;
  if (connack.keep_alive_s) keep_alive_ = std::chrono::seconds(*connack.keep_alive_s);
  watch_silence();
  outbox_.connected(connack);
  const bool kept = connack.session_present && been_connected_;
  been_connected_ = true;
  for (const auto& subscription : subscriptions_) {
    if (!kept) subscription->confirmed = false;
    if (!subscription->confirmed) send_subscribe(*subscription);
  }
  schedule_write();
  log::debug("mqtt", "connected",
             {{"host", options_.host},
              {"port", options_.port},
              {"client", client_id_},
              {"session_kept", connack.session_present}});
  const bool session_present = connack.session_present;
  for (std::size_t i = 0; i < connected_.size() && phase_ == Phase::connected; ++i) {
    const auto listener = connected_[i];  // it may add another, or end the client
    listener(session_present);
  }
  look_again();
}

void Client::Session::refused(const Connack& connack) {
  refused_ = lasting(connack.reason);
  throttle().write(log::Level::error, "mqtt",
                   refused_ ? "the broker refuses us; check user name, password and client id"
                            : "the broker refuses us for now",
                   {{"host", options_.host},
                    {"port", options_.port},
                    {"username", options_.username},
                    {"client", client_id_},
                    {"reason", describe_reason(connack.reason)}});
  close(describe_reason(connack.reason));
}

void Client::Session::handle(const Publish& publish) {
  if (phase_ != Phase::connected) {
    if (phase_ == Phase::handshaking) close("the broker sent PUBLISH before CONNACK");
    return;
  }
  if (publish.qos > 0) ++unacknowledged_;
  deliver(publish);
}

void Client::Session::deliver(const Publish& publish) {
  std::shared_ptr<Subscription> first;
  std::vector<std::shared_ptr<Subscription>> others;  // rarely any
  for (const auto& subscription : subscriptions_) {
    if (!matches(subscription->filter, publish.topic)) continue;
    if (!first) {
      first = subscription;
    } else {
      others.push_back(subscription);
    }
  }
  if (!first) {  // a subscription we ended, or one of an earlier program with our client id
    if (publish.qos > 0) acknowledge(epoch_, publish.packet_id, publish.qos);
    return;
  }
  auto state = std::make_shared<Delivery::State>();
  state->bytes.reserve(publish.topic.size() + publish.payload.size());
  state->bytes.append(publish.topic).append(publish.payload);
  state->topic_bytes = publish.topic.size();
  state->to = weak_from_this();
  state->epoch = epoch_;
  state->awaited = static_cast<std::uint32_t>(1 + others.size());
  state->packet_id = publish.packet_id;
  state->qos = publish.qos;
  state->retained = publish.retain;
  state->duplicate = publish.duplicate;
  if (others.empty()) return first->handler(Delivery(std::move(state)));
  first->handler(Delivery(state));
  for (const auto& other : others) {
    if (!abandoned_) other->handler(Delivery(state));
  }
}

void Client::Session::acknowledge(std::uint32_t epoch, std::uint16_t packet_id, int qos) {
  if (epoch != epoch_ || phase_ != Phase::connected) return;
  if (unacknowledged_ > 0) --unacknowledged_;
  if (room_ && !full()) room_->raise();
  encode_acknowledgement(
      out_, qos == 1 ? Acknowledgement::Kind::puback : Acknowledgement::Kind::pubrec, packet_id);
  schedule_write();
}

void Client::Session::handle(const Acknowledgement& ack) {
  if (phase_ == Phase::handshaking) return close("the broker answered before CONNACK");
  if (ack.kind == Acknowledgement::Kind::puback) {
    outbox_.acknowledged(ack.packet_id, ack.reason);
    if (!outbox_.idle()) schedule_write();
  } else if (ack.kind == Acknowledgement::Kind::pubrel) {
    // Only for a QoS 2 subscription that an earlier program left in our session.
    encode_acknowledgement(out_, Acknowledgement::Kind::pubcomp, ack.packet_id);
    schedule_write();
  }
}

void Client::Session::handle(const Suback& suback) {
  if (suback.unsubscribed) return;
  for (const auto& subscription : subscriptions_) {
    if (subscription->packet_id != suback.packet_id) continue;
    const auto reason = static_cast<std::uint8_t>(suback.reasons[0]);
    subscription->packet_id = 0;
    subscription->confirmed = reason < 0x80;
    if (!subscription->confirmed)
      throttle().write(log::Level::error, "mqtt", "the broker refuses a subscription",
                       {{"filter", subscription->filter},
                        {"username", options_.username},
                        {"reason", describe_reason(reason)}});
  }
  look_again();
}

void Client::Session::handle(const Disconnect& disconnect) {
  refused_ = lasting(disconnect.reason) || disconnect.reason == kSessionTakenOver;
  if (disconnect.reason == kSuccess) refused_ = false;
  close(describe_reason(disconnect.reason));
}

void Client::Session::subscribe(std::string filter, int qos, OnMessage handler) {
  if (!valid_filter(filter)) throw std::invalid_argument("not an MQTT topic filter: " + filter);
  auto subscription = std::make_shared<Subscription>();
  subscription->filter = std::move(filter);
  subscription->qos = std::clamp(qos, 0, 1);
  subscription->handler = std::move(handler);
  subscriptions_.push_back(subscription);
  if (phase_ == Phase::connected) send_subscribe(*subscription);
}

void Client::Session::unsubscribe(const std::string& filter) {
  const std::size_t removed =
      std::erase_if(subscriptions_, [&](const auto& one) { return one->filter == filter; });
  if (removed == 0 || phase_ != Phase::connected) return;
  encode_unsubscribe(out_, outbox_.new_packet_id(), filter);
  schedule_write();
}

void Client::Session::send_subscribe(Subscription& subscription) {
  subscription.packet_id = outbox_.new_packet_id();
  encode_subscribe(out_, subscription.packet_id, subscription.filter, subscription.qos);
  schedule_write();
}

bool Client::Session::add(Message message, Outbox::Done done) {
  if (!outbox_.add(std::move(message), std::move(done))) return false;
  schedule_write();
  return true;
}

void Client::Session::schedule_write() {
  if (write_scheduled_ || write_blocked_ || phase_ != Phase::connected) return;
  write_scheduled_ = true;
  asio::post(executor_, [self = shared_from_this()] {
    self->write_scheduled_ = false;
    self->write_now();
  });
}

void Client::Session::write_now() {
  if (phase_ == Phase::idle || write_blocked_) return;
  for (int turn = 0; turn < kWritesATurn; ++turn) {
    if (phase_ == Phase::connected) outbox_.pump(out_, kChunk);
    error_code error;
    if (out_.empty() && stream_.flush(error)) return all_written();
    if (!out_.empty()) out_at_ += stream_.write_some(std::string_view(out_).substr(out_at_), error);
    if (error == asio::error::would_block) return wait_writable();
    if (error) return broken(error);
    last_sent_ = steady_clock::now();
    if (out_at_ < out_.size()) continue;
    out_.clear();
    out_at_ = 0;
  }
  schedule_write();
}

void Client::Session::wait_writable() {
  if (out_.size() - out_at_ > kMostOut) return close("the broker does not read what we send");
  write_blocked_ = true;
  stream_.socket().async_wait(tcp::socket::wait_write,
                              [self = shared_from_this(), epoch = epoch_](error_code error) {
                                if (self->epoch_ != epoch || self->phase_ == Phase::idle) return;
                                self->write_blocked_ = false;
                                if (error) return self->close(error.message());
                                self->write_now();
                              });
}

void Client::Session::all_written() {
  written_number_ = outbox_.last_sent();
  ++written_rounds_;
  if (!waiting_.empty()) look_again();
  if (phase_ != Phase::leaving) return;
  stream_.finish();  // the broker answers with its own end
}

}  // namespace croft::mqtt

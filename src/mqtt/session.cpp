// The connection: reaching the broker, noticing its silence, leaving, coming back.
// SPDX-License-Identifier: Apache-2.0
#include "mqtt/session.hpp"

#include <algorithm>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/connect.hpp>
#include <boost/asio/post.hpp>
#include <random>
#include <stdexcept>
#include <utility>

#include "base/log.hpp"
#include "tls/provider.hpp"

namespace croft::mqtt {
namespace {

using asio::ip::tcp;
using boost::system::error_code;
using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr std::chrono::seconds kConnectLimit{10};
constexpr std::chrono::seconds kLeaveLimit{1};
// A connection lost sooner than this does not reset the back-off: something throws us out.
constexpr std::chrono::seconds kSteady{1};
constexpr std::size_t kIdleBuffer = 256;  // what a buffer may keep once the line is quiet

constexpr auto kAsTuple = asio::as_tuple(asio::use_awaitable);

// One for all clients of a thread: a thousand virtual nodes lose one broker in one line.
log::Throttle& throttle() {
  thread_local log::Throttle lines(10.0);
  return lines;
}

milliseconds longest_pause(milliseconds most) {
  thread_local std::minstd_rand random(std::random_device{}());
  return milliseconds(
      std::uniform_int_distribution<std::int64_t>(most.count() / 2, most.count())(random));
}

void free_if_idle(std::string& buffer) {
  if (buffer.empty() && buffer.capacity() > kIdleBuffer) std::string().swap(buffer);
}

}  // namespace

Client::Session::Session(const Executor& executor, Options options)
    : executor_(executor),
      options_(std::move(options)),
      stream_(executor),
      timer_(executor),
      backoff_(options_.backoff_least, options_.backoff_most),
      client_id_(options_.client_id),
      outbox_(options_.outgoing_messages, options_.outgoing_bytes) {}

Task<void> Client::Session::run(std::shared_ptr<Session> self) {
  if (self->running_) throw std::logic_error("mqtt::Client::run() is running already");
  struct Ending {  // also when the task is cancelled or a handler throws
    Session& session;
    ~Ending() {
      session.close("the client ended");
      session.running_ = false;
    }
  } ending{*self};
  self->running_ = true;
  if (self->announced_) self->after_loss();  // a handler threw, and somebody runs us again
  while (!self->stopping_) {
    co_await self->connect();
    co_await self->receive();
    self->after_loss();
    co_await self->pause();
  }
}

Task<void> Client::Session::connect() {
  forget_connection();
  reason_.clear();
  phase_ = Phase::connecting;
  arm_deadline(kConnectLimit, "the broker did not answer in time");
  const std::vector<tcp::endpoint> endpoints = co_await resolve();
  for (const tcp::endpoint& endpoint : endpoints) {
    if (phase_ != Phase::connecting) co_return;
    co_await attach(endpoint);
    if (phase_ == Phase::handshaking) co_return;
  }
  if (phase_ == Phase::connecting) close(reason_.empty() ? "the host has no address" : reason_);
}

Task<std::vector<tcp::endpoint>> Client::Session::resolve() {
  std::vector<tcp::endpoint> endpoints;
  error_code not_literal;
  const auto address = asio::ip::make_address(options_.host, not_literal);
  if (!not_literal) {
    endpoints.emplace_back(address, options_.port);
    co_return endpoints;
  }
  resolver_ = std::make_unique<tcp::resolver>(executor_);
  auto [error, found] =
      co_await resolver_->async_resolve(options_.host, std::to_string(options_.port), kAsTuple);
  resolver_.reset();
  if (error && phase_ == Phase::connecting) reason_ = error.message();
  for (const auto& entry : found) endpoints.push_back(entry.endpoint());
  co_return endpoints;
}

Task<void> Client::Session::attach(tcp::endpoint endpoint) {
  stream_.renew(tcp::socket(executor_));
  auto& socket = stream_.socket();
  auto [error] = co_await socket.async_connect(endpoint, kAsTuple);
  if (phase_ != Phase::connecting) co_return;
  if (!error) socket.non_blocking(true, error);
  if (error) {
    reason_ = error.message();
    co_return;
  }
  error_code ignored;
  socket.set_option(tcp::no_delay(true), ignored);
  if (options_.tls) {
    const bool secured = co_await secure();
    if (!secured) co_return;
  }
  phase_ = Phase::handshaking;
  ++epoch_;
  last_received_ = last_sent_ = steady_clock::now();
  encode_connect(out_, options_, client_id_, options_.clean_start && !been_connected_);
  write_now();
}

// The TLS handshake; false when it failed (then reason_ says why) or the time for it is over.
Task<bool> Client::Session::secure() {
  try {
    stream_.secure(tls::provider().client(options_.ca_file)->connection(options_.host));
  } catch (const std::exception& failure) {
    reason_ = failure.what();
    co_return false;
  }
  for (;;) {
    error_code error;
    if (stream_.shake_hands(error)) co_return true;
    if (error && error != asio::error::would_block) {
      reason_ = !stream_.words().empty()    ? stream_.words()
                : error == asio::error::eof ? "the broker closed the connection during the TLS "
                                              "handshake; does it speak TLS on that port?"
                                            : error.message();
      co_return false;
    }
    auto [gone] = co_await stream_.socket().async_wait(tcp::socket::wait_read, kAsTuple);
    if (gone || phase_ != Phase::connecting) co_return false;
  }
}

Task<void> Client::Session::receive() {
  while (phase_ != Phase::idle) {
    if (full()) {
      if (!room_) room_ = std::make_unique<Event>(executor_);
      co_await room_->wait();
      continue;
    }
    error_code error;
    if (stream_.more_to_read()) {
      co_await asio::post(executor_, asio::use_awaitable);  // others have their turn
    } else {
      auto [waited] = co_await stream_.socket().async_wait(tcp::socket::wait_read, kAsTuple);
      error = waited;
    }
    if (phase_ == Phase::idle) co_return;
    if (error) {
      close(error.message());
    } else {
      read_available();
    }
  }
}

void Client::Session::close(std::string_view reason) {
  if (phase_ != Phase::idle) {
    reason_ = std::string(reason);
    phase_ = Phase::idle;
  }
  ++timer_round_;
  timer_.cancel();
  if (resolver_) resolver_->cancel();
  if (room_) room_->raise();
  stream_.close();
}

void Client::Session::broken(const error_code& error) {
  if (error == asio::error::eof) return close("the broker closed the connection");
  close(stream_.words().empty() ? error.message() : stream_.words());
}

void Client::Session::forget_connection() {
  unfinished_.clear();
  out_.clear();
  out_at_ = 0;
  write_blocked_ = false;
  unacknowledged_ = 0;
  ping_awaited_ = false;
  for (const auto& subscription : subscriptions_) subscription->packet_id = 0;
  outbox_.lost();
  release_buffers();
}

void Client::Session::after_loss() {
  forget_connection();
  if (!std::exchange(announced_, false)) {
    if (!stopping_ && !refused_)
      throttle().write(log::Level::warning, "mqtt", "cannot reach the broker; trying again",
                       {{"host", options_.host}, {"port", options_.port}, {"error", reason_}});
    return;
  }
  if (steady_clock::now() - connected_at_ >= kSteady) backoff_.reset();
  if (!stopping_)
    throttle().write(log::Level::warning, "mqtt", "lost the broker; connecting again",
                     {{"host", options_.host}, {"port", options_.port}, {"error", reason_}});
  const std::string reason = reason_;
  for (std::size_t i = 0; i < lost_.size(); ++i) {
    const auto listener = lost_[i];  // it may add another, or end the client
    listener(reason);
  }
}

Task<void> Client::Session::pause() {
  if (stopping_) co_return;
  const milliseconds wait =
      std::exchange(refused_, false) ? longest_pause(options_.backoff_most) : backoff_.next();
  ++timer_round_;
  timer_.expires_after(wait);
  co_await timer_.async_wait(kAsTuple);
}

void Client::Session::arm_deadline(milliseconds limit, std::string_view reason) {
  const std::uint32_t round = ++timer_round_;
  timer_.expires_after(limit);
  timer_.async_wait([weak = weak_from_this(), round, reason](error_code error) {
    const auto self = weak.lock();
    if (!error && self && self->timer_round_ == round) self->close(reason);
  });
}

// The broker closes on us after 1.5 keep-alives without a packet; we do the same to it. A quiet
// line is asked at three quarters, so that the answer has as long again.
void Client::Session::watch_silence() {
  const std::uint32_t round = ++timer_round_;
  if (keep_alive_.count() == 0) {
    timer_.cancel();
    return;
  }
  const milliseconds quarter = milliseconds(keep_alive_) / 4;
  timer_.expires_at(
      std::min(last_received_ + quarter * (ping_awaited_ ? 6 : 3), last_sent_ + quarter * 3));
  timer_.async_wait([weak = weak_from_this(), round](error_code error) {
    const auto self = weak.lock();
    if (!error && self && self->timer_round_ == round) self->check_silence();
  });
}

void Client::Session::check_silence() {
  const auto now = steady_clock::now();
  const milliseconds quarter = milliseconds(keep_alive_) / 4;
  error_code ignored;
  // When this process itself was late, the answer is there already, only not read yet.
  if (stream_.socket().available(ignored) > 0) last_received_ = now;
  if (now - last_received_ >= quarter * 6) return close("the broker has been silent for too long");
  const bool ask = !ping_awaited_ && now - last_received_ >= quarter * 3;
  if (ask || now - last_sent_ >= quarter * 3) {
    encode_pingreq(out_);
    ping_awaited_ = true;
    last_sent_ = now;
    write_now();
    if (phase_ != Phase::connected) return;
  }
  release_buffers();
  watch_silence();
}

void Client::Session::release_buffers() {
  free_if_idle(unfinished_);
  free_if_idle(out_);
}

void Client::Session::stop() {
  if (std::exchange(stopping_, true)) return;
  if (phase_ == Phase::connected) {
    write_now();  // what was posted just now still goes
    outbox_.fail_all(fail(Code::unavailable, "the MQTT client has stopped"));
    encode_disconnect(out_, kSuccess);
    phase_ = Phase::leaving;
    arm_deadline(kLeaveLimit, "stopped");
    write_now();
  } else {
    outbox_.fail_all(fail(Code::unavailable, "the MQTT client has stopped"));
    close("stopped");
  }
  look_again();
}

void Client::Session::abandon() {
  abandoned_ = true;
  subscriptions_.clear();
  connected_.clear();
  lost_.clear();
  outbox_.fail_all(fail(Code::unavailable, "the MQTT client is gone"));
  if (std::exchange(stopping_, true)) return;
  close("the client is gone");
}

bool Client::Session::settled() const {
  return connected() && std::all_of(subscriptions_.begin(), subscriptions_.end(),
                                    [](const auto& one) { return one->confirmed; });
}

void Client::Session::look_again() {
  std::erase_if(waiting_, [](const auto& weak) { return weak.expired(); });
  for (const auto& weak : waiting_) {
    if (const auto event = weak.lock()) event->raise();
  }
}

Task<bool> Client::Session::wait_settled(std::shared_ptr<Session> self, milliseconds limit) {
  const auto deadline = steady_clock::now() + limit;
  const auto event = std::make_shared<Event>(self->executor_);
  self->waiting_.push_back(event);
  while (!self->settled() && !self->stopping_) {
    const bool raised = co_await event->wait_for(deadline - steady_clock::now());
    if (!raised) break;
  }
  co_return self->settled();
}

Task<void> Client::Session::flush(std::shared_ptr<Session> self, milliseconds limit) {
  const auto deadline = steady_clock::now() + limit;
  const std::uint64_t last = self->outbox_.last_added();
  const std::uint64_t rounds = self->written_rounds_ + (self->out_.empty() ? 0 : 1);
  const auto event = std::make_shared<Event>(self->executor_);
  self->waiting_.push_back(event);
  while (!self->stopping_ && (self->written_number_ < last || self->written_rounds_ < rounds)) {
    const bool raised = co_await event->wait_for(deadline - steady_clock::now());
    if (!raised) break;
  }
}

}  // namespace croft::mqtt

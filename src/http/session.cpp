// The life of a connection: it waits, reads a request, has it answered, and waits again.
// SPDX-License-Identifier: Apache-2.0
#include "http/session.hpp"

#include <algorithm>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <cstring>
#include <exception>

#include "base/log.hpp"

namespace croft::http {
namespace {

using Failure = boost::system::error_code;
constexpr auto kOutcome = asio::as_tuple(asio::use_awaitable);

constexpr std::size_t kIdleBuffer = 2 * 1024;  // most requests fit; what an idle connection holds
constexpr std::size_t kBodyBuffer = 16 * 1024;
constexpr std::chrono::milliseconds kLinger{2000};

}  // namespace

Session::Session(std::shared_ptr<ServerContext> context, Socket socket, bool local)
    : Deadline(context->deadlines),
      context_(std::move(context)),
      socket_(std::move(socket)),
      local_(local),
      idle_since_(Clock::now()),
      remote_(local ? "local" : peer_address(socket_)) {
  context_->sessions.insert(this);
  context_->connections.add(1);
}

Session::~Session() {
  end_request();
  context_->sessions.erase(this);
  context_->connections.add(-1);
  context_->session_ended.raise();
}

void Session::start(std::shared_ptr<ServerContext> context, Socket socket, bool local) {
  const auto executor = context->executor;
  auto session = std::make_shared<Session>(std::move(context), std::move(socket), local);
  auto& raw = *session;
  const auto ended = [session = std::move(session)](const std::exception_ptr& failure) {
    try {
      if (failure) std::rethrow_exception(failure);
    } catch (const std::exception& error) {
      log::debug("http", "a connection ended early", {{"error", error.what()}});
    }
  };
  asio::co_spawn(executor, raw.run(), asio::bind_cancellation_slot(raw.cancel_.slot(), ended));
}

Task<void> Session::run() {
  bool more = true;
  while (more) {
    const bool arrived = co_await read_request();
    if (!arrived) break;
    more = co_await serve();
  }
  co_await leave();
}

Task<bool> Session::read_request() {
  begin_request();
  for (;;) {
    feed();
    if (parser_ && parser_->refusal()) {
      const auto refusal = *parser_->refusal();
      co_await refuse(refusal);
      co_return false;
    }
    if (parser_ && parser_->complete()) co_return true;
    if (crowded()) {
      co_await refuse(
          {503, "The server holds too many request bodies now; try again in a moment."});
      co_return false;
    }
    if (stage_ == Stage::body && parser_->expects_continue() && !continued_) {
      continued_ = true;
      const bool written = co_await write("HTTP/1.1 100 Continue\r\n\r\n", {});
      if (!written) co_return false;
      enter(Phase::reading, context_->limits.body_timeout);
    }
    const bool more = co_await read_more();
    if (!more) co_return false;
  }
}

Task<bool> Session::read_more() {
  if (!make_room()) {
    co_await refuse({400, "A chunk of the body has too long a head."});
    co_return false;
  }
  const auto room = asio::buffer(buffer_.get() + used_, capacity_ - used_);
  const auto [failure, size] = co_await socket_.async_read_some(room, kOutcome);
  if (timed_out_) co_await refuse({408, "The request did not arrive in time."});
  if (failure || timed_out_) co_return false;
  used_ += size;
  co_return true;
}

void Session::begin_request() {
  end_request();
  stage_ = Stage::waiting;
  continued_ = false;
  if (capacity_ > kIdleBuffer && used_ == 0) {
    buffer_.reset();
    capacity_ = 0;
  }
  if (used_ == 0) {
    idle_since_ = Clock::now();
    phase_ = Phase::idle;
    due_at(idle_since_ + context_->limits.idle_timeout);
    if (context_->draining) socket_.close();
  }
}

void Session::end_request() {
  context_->bodies_bytes -= accounted_;
  accounted_ = 0;
  parser_.reset();
}

// Gives what has arrived to the parser and sets the deadline of the stage that begins with it.
void Session::feed() {
  if (used_ == 0) return;
  const auto& limits = context_->limits;
  if (!parser_) {
    parser_.emplace(RequestParser::Sizes{.header_bytes = limits.header_bytes,
                                         .target_bytes = limits.target_bytes,
                                         .body_bytes = limits.body_bytes});
  }
  const auto taken = parser_->feed(std::string_view(buffer_.get(), used_));
  used_ -= taken;
  if (taken > 0 && used_ > 0) std::memmove(buffer_.get(), buffer_.get() + taken, used_);
  if (parser_->complete() || parser_->refusal()) return;

  if (parser_->header_complete() && stage_ != Stage::body) {
    stage_ = Stage::body;
    enter(Phase::reading, limits.body_timeout);
  } else if (stage_ == Stage::waiting) {
    stage_ = Stage::header;
    enter(Phase::reading, limits.header_timeout);
  }
  if (stage_ != Stage::body) return;
  const auto held = parser_->request().body.size();
  context_->bodies_bytes += held - accounted_;
  accounted_ = held;
}

bool Session::crowded() const {
  return accounted_ > 0 && context_->bodies_bytes > context_->limits.bodies_bytes;
}

// Whether there is room to read into; grows the buffer as far as a header or body may need.
bool Session::make_room() {
  const auto most = std::max(context_->limits.header_bytes, kBodyBuffer);
  auto wanted = std::max(capacity_, kIdleBuffer);
  if (stage_ == Stage::body) wanted = std::max(wanted, kBodyBuffer);
  if (used_ == wanted) wanted = std::min(wanted * 4, most);
  if (wanted > capacity_) {
    auto bigger = std::make_unique_for_overwrite<char[]>(wanted);
    if (used_ > 0) std::memcpy(bigger.get(), buffer_.get(), used_);
    buffer_ = std::move(bigger);
    capacity_ = wanted;
  }
  return used_ < capacity_;
}

// After a refusal the client may still be sending. Closing at once would make the kernel answer
// with a reset, which can destroy the answer before the client has read it.
Task<void> Session::leave() {
  Failure failure;
  if (!socket_.is_open()) co_return;
  socket_.shutdown(Socket::shutdown_send, failure);
  if (linger_ && !failure) {
    enter(Phase::leaving, kLinger);
    used_ = 0;
    stage_ = Stage::waiting;
    make_room();
    while (!failure) {
      const auto room = asio::buffer(buffer_.get(), capacity_);
      const auto [ended, size] = co_await socket_.async_read_some(room, kOutcome);
      failure = ended;
    }
  }
  socket_.close(failure);
}

void Session::enter(Phase phase, std::chrono::milliseconds limit) {
  phase_ = phase;
  due_in(limit);
}

void Session::expired() {
  Failure ignored;
  timed_out_ = phase_ == Phase::reading;
  if (timed_out_)
    socket_.cancel(ignored);
  else
    socket_.close(ignored);
}

void Session::drain() {
  Failure ignored;
  if (phase_ == Phase::idle) socket_.close(ignored);
  if (websocket_) websocket_->close(1001, "the server is shutting down");
}

void Session::cut() {
  cut_ = true;
  Failure ignored;
  if (websocket_) websocket_->cut();
  socket_.close(ignored);
  cancel_.emit(asio::cancellation_type::terminal);
}

}  // namespace croft::http

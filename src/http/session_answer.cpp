// How a session answers: whole, in chunks, by a refusal, or by becoming a WebSocket.
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/post.hpp>
#include <charconv>
#include <exception>

#include "base/log.hpp"
#include "http/problem.hpp"
#include "http/session.hpp"

namespace croft::http {
namespace {

using Failure = boost::system::error_code;
constexpr auto kOutcome = asio::as_tuple(asio::use_awaitable);

}  // namespace

Task<bool> Session::serve() {
  auto& request = parser_->request();
  request.remote = remote_;
  context_->proxies.apply(request);
  no_longer_due();
  phase_ = Phase::handling;

  if (parser_->wants_websocket() && used_ == 0) {
    auto handler = co_await context_->router.upgrade(request);
    if (handler && !context_->draining) {
      auto refused = refused_handshake(request);
      if (!refused) {
        co_await talk(request, std::move(*handler));
        co_return false;
      }
      co_return co_await send(*refused, request);
    }
    if (handler || handler.error().code != Code::not_found) {
      auto refused =
          handler ? problem(503, "The server is shutting down.") : problem(handler.error());
      co_return co_await send(refused, request);
    }
  }
  auto response = co_await context_->router.answer(request);
  co_return co_await send(response, request);
}

Task<bool> Session::send(Response& response, const Request& request) {
  HeadOptions options;
  options.http_1_0 = parser_->http_1_0();
  options.keep_alive = parser_->keep_alive() && !context_->draining;
  options.api = request.path.starts_with("/api");
  const bool bodiless = request.method == Method::head || has_no_body(response.status);
  if (response.stream) {
    options.framing = options.http_1_0 ? Framing::until_close : Framing::chunked;
    if (options.http_1_0 && !bodiless) options.keep_alive = false;
    if (has_no_body(response.status)) options.framing = Framing::length;
    if (!bodiless) co_return co_await send_stream(response, options);
  }
  auto& head = context_->head;
  head.clear();
  context_->writer.append_head(head, response, options);
  const auto body = bodiless ? std::string_view() : std::string_view(response.body);
  const bool written = co_await write(head, body);
  co_return written&& options.keep_alive;
}

Task<bool> Session::send_stream(Response& response, const HeadOptions& options) {
  constexpr std::size_t kTurn = 256 * 1024;  // then others have theirs
  const bool framed = options.framing == Framing::chunked;
  auto& head = context_->head;
  head.clear();
  context_->writer.append_head(head, response, options);
  bool written = co_await write(head, {});
  std::string chunk = std::move(response.body);
  std::exception_ptr failure;
  for (bool more = true; written;) {
    const auto size = chunk.size();
    if (size > 0) written = co_await send_chunk(chunk, framed);
    if (!more || !written) break;
    chunk.clear();
    sent_in_turn_ += size;
    if (sent_in_turn_ >= kTurn) {
      sent_in_turn_ = 0;
      co_await asio::post(asio::use_awaitable);
    }
    try {
      more = co_await response.stream(chunk);
    } catch (...) {
      failure = std::current_exception();
    }
    if (failure) break;
  }
  response.stream = nullptr;
  if (failure) report_broken_stream(failure);
  if (failure || !written) co_return false;
  if (framed) written = co_await write("0\r\n\r\n", {});
  co_return written&& options.keep_alive;
}

Task<bool> Session::send_chunk(std::string& chunk, bool framed) {
  if (!framed) co_return co_await write(chunk, {});
  char line[20];
  const auto end = std::to_chars(line, line + 18, chunk.size(), 16).ptr;
  const std::string head = std::string(line, end) + "\r\n";
  chunk += "\r\n";
  co_return co_await write(head, chunk);
}

void Session::report_broken_stream(const std::exception_ptr& failure) {
  try {
    std::rethrow_exception(failure);
  } catch (const std::exception& error) {
    log::error("http", "a long answer broke off; its client sees the connection cut",
               {{"path", parser_->request().path}, {"error", error.what()}});
  } catch (...) {
    log::error("http", "a long answer broke off; its client sees the connection cut",
               {{"path", parser_->request().path}});
  }
  // A reset, because a client of HTTP/1.0 takes an orderly end for the end of the body.
  Failure ignored;
  socket_.set_option(asio::socket_base::linger(true, 0), ignored);
  socket_.close(ignored);
}

Task<void> Session::refuse(Refusal refusal) {
  context_->count_refusal(refusal.status);
  log::debug("http", "refused a request",
             {{"remote", remote_}, {"status", refusal.status}, {"why", refusal.detail}});
  const auto response = problem(refusal.status, refusal.detail);
  HeadOptions options;
  options.keep_alive = false;
  options.api = true;
  auto& head = context_->head;
  head.clear();
  context_->writer.append_head(head, response, options);
  co_await write(head, response.body);
  linger_ = true;
}

Task<bool> Session::write(std::string_view first, std::string_view second) {
  std::string kept;  // of the shared head, once others may use it
  for (;;) {
    Failure failure;
    const std::array<asio::const_buffer, 2> pieces{asio::buffer(first), asio::buffer(second)};
    const auto written = socket_.write_some(pieces, failure);
    const auto of_first = std::min(written, first.size());
    first.remove_prefix(of_first);
    second.remove_prefix(written - of_first);
    if (failure && failure != asio::error::would_block) co_return false;
    if (first.empty() && second.empty()) co_return true;
    if (!failure) continue;

    if (kept.empty() && !first.empty()) {
      kept = first;
      first = kept;
    }
    enter(Phase::writing, context_->limits.write_timeout);
    const auto [stopped] = co_await socket_.async_wait(Socket::wait_write, kOutcome);
    no_longer_due();
    if (stopped) co_return false;
  }
}

Task<void> Session::talk(Request& request, WebSocketHandler handler) {
  phase_ = Phase::websocket;
  buffer_.reset();
  capacity_ = 0;
  websocket_ = make_websocket(std::move(socket_), context_->deadlines);
  const bool accepted = co_await websocket_->accept(request);
  if (!accepted) co_return;
  std::exception_ptr failure;
  try {
    co_await handler(request, *websocket_);
  } catch (...) {
    failure = std::current_exception();
  }
  if (failure) {
    websocket_->close(1011, "something went wrong on our side");
    report_broken_talk(failure);
  }
  co_await websocket_->finish();
}

void Session::report_broken_talk(const std::exception_ptr& failure) {
  try {
    std::rethrow_exception(failure);
  } catch (const std::exception& error) {
    if (!cut_)
      log::error("http", "a WebSocket's handler failed; its connection is closed",
                 {{"path", parser_->request().path}, {"error", error.what()}});
  } catch (...) {
    log::error("http", "a WebSocket's handler failed; its connection is closed",
               {{"path", parser_->request().path}});
  }
}

}  // namespace croft::http

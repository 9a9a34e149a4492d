// WebSocket by Beast, kept to this one file because it is slow to compile.
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/message.hpp>
#include <boost/beast/websocket/error.hpp>
#include <boost/beast/websocket/stream.hpp>
#include <functional>
#include <utility>

#include "base/log.hpp"
#include "http/problem.hpp"
#include "http/websocket_connection.hpp"

namespace croft::http {
namespace {

namespace beast = boost::beast;
namespace ws = beast::websocket;
using Failure = boost::system::error_code;
constexpr auto kOutcome = asio::as_tuple(asio::use_awaitable);

constexpr std::size_t kMostMessage = 64 * 1024;
constexpr std::chrono::seconds kSilence{60};  // a ping after half of it, the end after all of it
constexpr std::chrono::milliseconds kWrite{10'000};
constexpr std::chrono::milliseconds kGoodbye{800};  // for the whole farewell, within a second

// A socket that tells when Beast begins to wait for the peer to close its side, for that wait has
// no end of its own.
struct TellingSocket : Socket {
  explicit TellingSocket(Socket socket) : Socket(std::move(socket)) {}
  std::function<void()> on_teardown;
};

// Found by Beast through the type of its socket.
template <class Done>
void async_teardown(beast::role_type role, TellingSocket& socket, Done&& done) {
  socket.on_teardown();
  ws::async_teardown(role, static_cast<Socket&>(socket), std::forward<Done>(done));
}

class BeastWebSocket final : public WebSocketConnection,
                             public std::enable_shared_from_this<BeastWebSocket> {
 public:
  BeastWebSocket(Socket socket, const std::shared_ptr<Deadlines>& deadlines)
      : stream_(std::move(socket)),
        write_deadline_(deadlines, *this),
        close_timer_(stream_.get_executor()) {
    ws::stream_base::timeout timeout{};
    timeout.handshake_timeout = kWrite;
    timeout.idle_timeout = kSilence;
    timeout.keep_alive_pings = true;
    stream_.set_option(timeout);
    stream_.set_option(ws::stream_base::decorator(
        [](ws::response_type& answer) { answer.set(beast::http::field::server, "Croft"); }));
    stream_.next_layer().on_teardown = [this] { limit_goodbye(); };
    stream_.read_message_max(kMostMessage);
    stream_.auto_fragment(false);
  }

  Task<bool> accept(const Request&) override;
  Task<std::optional<std::string>> read() override;
  Task<bool> write(std::shared_ptr<const std::string> text) override;
  void close(std::uint16_t code, std::string_view reason) override;
  Task<void> finish() override;
  void cut() override;

 private:
  struct WriteDeadline final : Deadline {
    WriteDeadline(std::shared_ptr<Deadlines> deadlines, BeastWebSocket& owner)
        : Deadline(std::move(deadlines)), owner_(owner) {}
    void expired() override {
      log::info("http", "a WebSocket's peer takes no more data; its connection is dropped");
      owner_.cut();
    }
    BeastWebSocket& owner_;
  };

  void limit_goodbye();
  void end() {
    closed_ = true;
    close_timer_.cancel();
  }

  ws::stream<TellingSocket, false> stream_;  // without deflate: it costs 300 kB a connection
  WriteDeadline write_deadline_;
  asio::steady_timer close_timer_;
  bool open_ = false;  // the handshake is done
  bool closing_ = false;
  bool limited_ = false;  // the goodbye has its time limit
  bool closed_ = false;
};

Task<bool> BeastWebSocket::accept(const Request& request) {
  beast::http::request<beast::http::empty_body> handshake;
  handshake.method(beast::http::verb::get);
  handshake.target("/");
  handshake.version(11);
  for (const auto& [name, value] : request.headers) handshake.insert(name, value);
  const auto [failure] = co_await stream_.async_accept(handshake, kOutcome);
  open_ = !failure && !closed_;
  closed_ = !open_;
  co_return open_;
}

Task<std::optional<std::string>> BeastWebSocket::read() {
  if (closing_ || closed_) co_return std::nullopt;
  std::string text;
  auto buffer = asio::dynamic_buffer(text, kMostMessage + 1);
  const auto [failure, size] = co_await stream_.async_read(buffer, kOutcome);
  if (failure) {
    if (!closing_) end();
    co_return std::nullopt;
  }
  if (!stream_.got_text()) {
    close(ws::close_code::unknown_data, "only text messages are understood");
    co_return std::nullopt;
  }
  text.resize(size);
  co_return text;
}

Task<bool> BeastWebSocket::write(std::shared_ptr<const std::string> text) {
  if (closing_ || closed_) co_return false;
  write_deadline_.due_in(kWrite);
  const auto [failure, size] = co_await stream_.async_write(asio::buffer(*text), kOutcome);
  write_deadline_.no_longer_due();
  co_return !failure;
}

void BeastWebSocket::close(std::uint16_t code, std::string_view reason) {
  if (closing_ || closed_) return;
  if (!open_) return cut();  // in the midst of the handshake there is no frame to say it with
  closing_ = true;
  limit_goodbye();
  constexpr std::size_t kMostReason = 123;  // what fits a control frame
  ws::close_reason words(static_cast<ws::close_code>(code));
  words.reason.assign(reason.data(), std::min(reason.size(), kMostReason));
  stream_.async_close(words, [self = shared_from_this()](Failure) { self->end(); });
}

void BeastWebSocket::limit_goodbye() {
  if (limited_) return;
  limited_ = true;
  close_timer_.expires_after(kGoodbye);
  close_timer_.async_wait([self = shared_from_this()](Failure cancelled) {
    if (!cancelled) self->cut();
  });
}

Task<void> BeastWebSocket::finish() {
  close(ws::close_code::normal, {});
  while (!closed_) {
    const auto [cancelled] = co_await close_timer_.async_wait(kOutcome);
    if (!cancelled) cut();
  }
}

void BeastWebSocket::cut() {
  Failure ignored;
  stream_.next_layer().close(ignored);
  end();
}

}  // namespace

std::optional<Response> refused_handshake(const Request& request) {
  if (request.headers.get("Sec-WebSocket-Version") != "13") {
    auto response = problem(426, "Croft speaks version 13 of the WebSocket protocol.");
    response.headers.add("Upgrade", "websocket");
    response.headers.add("Sec-WebSocket-Version", "13");
    return response;
  }
  constexpr std::size_t kKeySize = 24;  // 16 bytes in base64
  if (request.headers.count("Sec-WebSocket-Key") != 1 ||
      request.headers.get("Sec-WebSocket-Key").size() != kKeySize)
    return problem(400, "The WebSocket handshake needs one Sec-WebSocket-Key of 24 characters.");
  return std::nullopt;
}

std::shared_ptr<WebSocketConnection> make_websocket(Socket socket,
                                                    std::shared_ptr<Deadlines> deadlines) {
  return std::make_shared<BeastWebSocket>(std::move(socket), deadlines);
}

}  // namespace croft::http

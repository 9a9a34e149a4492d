// Tests of WebSockets by a client that writes its own frames.
// SPDX-License-Identifier: Apache-2.0
#include "http/websocket.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <stdexcept>

#include "http/test_server.hpp"

namespace croft::http {
namespace {

using namespace std::chrono_literals;
using test::RawClient;
using test::status_of_answer;
using test::TestServer;

constexpr int kText = 1;
constexpr int kBinary = 2;
constexpr int kClose = 8;
constexpr int kPing = 9;
constexpr int kPong = 10;

std::string handshake(std::string_view path, std::string_view more = {}) {
  return "GET " + std::string(path) +
         " HTTP/1.1\r\nHost: croft.example\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
         "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n" +
         std::string(more) + "\r\n";
}

// A client's frame, masked with zeros.
std::string frame(int opcode, std::string_view payload) {
  std::string bytes{static_cast<char>(0x80 | opcode)};
  const auto size = payload.size();
  if (size < 126) {
    bytes += static_cast<char>(0x80 | size);
  } else if (size < 65536) {
    bytes += static_cast<char>(0x80 | 126);
    bytes += static_cast<char>(size >> 8);
    bytes += static_cast<char>(size);
  } else {
    bytes += static_cast<char>(0x80 | 127);
    for (int shift = 56; shift >= 0; shift -= 8) bytes += static_cast<char>(size >> shift);
  }
  return bytes.append(4, '\0').append(payload);
}

struct Frame {
  int opcode = -1;  // -1: the connection has ended
  std::string payload;
  int close_code() const {
    if (opcode != kClose || payload.size() < 2) return 0;
    return static_cast<unsigned char>(payload[0]) * 256 + static_cast<unsigned char>(payload[1]);
  }
};

Frame next(RawClient& client) {
  const auto head = client.take(2);
  if (head.size() < 2) return {};
  std::size_t size = head[1] & 0x7F;
  if (size == 126) {
    const auto more = client.take(2);
    size = static_cast<unsigned char>(more[0]) * 256U + static_cast<unsigned char>(more[1]);
  } else if (size == 127) {
    size = 0;
    for (const char c : client.take(8)) size = size * 256 + static_cast<unsigned char>(c);
  }
  return Frame{head[0] & 0x0F, client.take(size)};
}

class WebSocketTest : public testing::Test {
 protected:
  void routes(Router& router) {
    router.add_websocket("/echo", [](Request&, WebSocket& socket) -> Task<void> {
      for (;;) {
        auto text = co_await socket.read();
        if (!text) co_return;
        auto shared = std::make_shared<const std::string>(std::move(*text));
        const bool written = co_await socket.write(std::move(shared));
        if (!written) co_return;
      }
    });
    router.add_websocket("/flood", [this](Request&, WebSocket& socket) -> Task<void> {
      const auto text = std::make_shared<const std::string>(100'000, 'x');
      for (bool more = true; more;) {
        more = co_await socket.write(text);
        ++written;
      }
      ended = true;
    });
    router.add_websocket("/held", [this](Request&, WebSocket& socket) -> Task<void> {
      held = &socket;
      const auto text = co_await socket.read();
      held = nullptr;
      ended = !text;
    });
    router.add_websocket("/broken", [](Request&, WebSocket&) -> Task<void> {
      throw std::runtime_error("oh dear");
      co_return;
    });
  }
  static void wait_until(const std::function<bool()>& what) {
    for (int i = 0; i < 1500 && !what(); ++i) std::this_thread::sleep_for(10ms);
    EXPECT_TRUE(what());
  }
  bool open(RawClient& client, std::string_view path) const {
    return status_of_answer(client.ask(handshake(path))) == 101;
  }

  std::atomic<WebSocket*> held{nullptr};
  std::atomic<int> written{0};
  std::atomic<bool> ended{false};
  TestServer server{[this](Router& router) { routes(router); }};
};

}  // namespace

TEST_F(WebSocketTest, AnswersTheHandshake) {
  RawClient client(server.port);
  const auto answer = client.ask(handshake("/echo"));
  EXPECT_EQ(status_of_answer(answer), 101);
  EXPECT_NE(answer.find("s3pPLMBiTxaQ9kYGzzhZRbK+xOo="), std::string::npos) << answer;
  EXPECT_EQ(answer.find("Beast"), std::string::npos) << answer;
}

TEST_F(WebSocketTest, CarriesTextBothWays) {
  RawClient client(server.port);
  ASSERT_TRUE(open(client, "/echo"));
  for (const auto& text : {std::string("hello"), std::string("\xC3\xA9"), std::string(),
                           std::string(300, 'y'), std::string(64 * 1024, 'z')}) {
    client.send(frame(kText, text));
    const auto echo = next(client);
    EXPECT_EQ(echo.opcode, kText);
    EXPECT_EQ(echo.payload, text);
  }
}

TEST_F(WebSocketTest, JoinsFragmentsAndAnswersPingsBetweenThem) {
  RawClient client(server.port);
  ASSERT_TRUE(open(client, "/echo"));
  auto first = frame(kText, "hel");
  first[0] = kText;  // more follows
  client.send(first + frame(kPing, "p") + frame(0, "lo"));
  EXPECT_EQ(next(client).opcode, kPong);
  EXPECT_EQ(next(client).payload, "hello");
}

TEST_F(WebSocketTest, RefusesWhatItDoesNotUnderstand) {
  const std::pair<std::string, int> cases[] = {
      {frame(kText, std::string(64 * 1024 + 1, 'x')), 1009},
      {frame(kBinary, "x"), 1003},
      {frame(kText, "\xFF"), 1007},
      {frame(3, "x"), 1002}};
  for (const auto& [bytes, code] : cases) {
    RawClient client(server.port);
    ASSERT_TRUE(open(client, "/echo"));
    client.send(bytes);
    EXPECT_EQ(next(client).close_code(), code);
  }
}

TEST_F(WebSocketTest, SaysGoodbyeWhenTheClientDoes) {
  RawClient client(server.port);
  ASSERT_TRUE(open(client, "/held"));
  client.send(frame(kClose, "\x03\xE8"));
  EXPECT_EQ(next(client).close_code(), 1000);
  wait_until([this] { return ended.load(); });
  EXPECT_EQ(client.rest(), "");
}

TEST_F(WebSocketTest, EndsAReadWhenTheClientVanishes) {
  RawClient client(server.port);
  ASSERT_TRUE(open(client, "/held"));
  client.vanish();
  wait_until([this] { return ended.load(); });
}

TEST_F(WebSocketTest, ClosesFromElsewhereWithinASecond) {
  for (const bool answers : {true, false}) {
    ended = false;
    RawClient client(server.port);
    ASSERT_TRUE(open(client, "/held"));
    wait_until([this] { return held != nullptr; });
    const auto started = std::chrono::steady_clock::now();
    server.on_loop([this] { held.load()->close(4001, "logged out"); });
    const auto goodbye = next(client);
    EXPECT_EQ(goodbye.close_code(), 4001);
    EXPECT_EQ(goodbye.payload.substr(2), "logged out");
    if (answers) client.send(frame(kClose, "\x0F\xA1"));
    wait_until([this] { return ended.load(); });
    EXPECT_LT(std::chrono::steady_clock::now() - started, 1200ms);
  }
}

TEST_F(WebSocketTest, DropsAPeerThatTakesNothing) {
  RawClient client(server.port, 16 * 1024);
  ASSERT_TRUE(open(client, "/flood"));
  const auto started = std::chrono::steady_clock::now();
  wait_until([this] { return ended.load(); });
  EXPECT_LT(std::chrono::steady_clock::now() - started, 13s);
  EXPECT_LT(written, 200) << "the kernel's buffers are all it may fill";
}

TEST_F(WebSocketTest, TellsTheClientWhenAHandlerFails) {
  RawClient client(server.port);
  ASSERT_TRUE(open(client, "/broken"));
  EXPECT_EQ(next(client).close_code(), 1011);
}

TEST_F(WebSocketTest, RefusesStrangePagesAndBadHandshakes) {
  RawClient client(server.port);
  EXPECT_EQ(status_of_answer(client.ask(handshake("/echo", "Origin: http://evil.example\r\n"))),
            403);
  EXPECT_EQ(status_of_answer(client.ask(handshake("/nowhere"))), 404);
  auto old = handshake("/echo");
  old.replace(old.find("Version: 13"), 11, "Version: 8 ");
  EXPECT_EQ(status_of_answer(client.ask(old)), 426);
  auto keyless = handshake("/echo");
  keyless.replace(keyless.find("dGhl"), 4, "");
  EXPECT_EQ(status_of_answer(client.ask(keyless)), 400);
  EXPECT_EQ(status_of_answer(client.ask("GET /echo HTTP/1.1\r\nHost: a\r\n\r\n")), 426);
  EXPECT_EQ(status_of_answer(client.ask(handshake("/echo", "Origin: http://croft.example\r\n"))),
            101);
}

TEST_F(WebSocketTest, SaysThatTheServerGoes) {
  RawClient client(server.port);
  ASSERT_TRUE(open(client, "/held"));
  wait_until([this] { return held != nullptr; });
  std::thread polite([&] {
    EXPECT_EQ(next(client).close_code(), 1001);
    client.send(frame(kClose, "\x03\xE9"));
  });
  server.drain(5s);
  polite.join();
  EXPECT_TRUE(ended);
}

}  // namespace croft::http

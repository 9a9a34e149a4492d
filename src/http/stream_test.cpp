// Tests of long answers: bounded memory, clients that vanish, sources that fail.
// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <atomic>
#include <stdexcept>

#include "http/test_server.hpp"

namespace croft::http {
namespace {

using namespace std::chrono_literals;
using test::RawClient;
using test::TestServer;

constexpr std::size_t kPiece = 64 * 1024;

struct Source {
  std::atomic<int> pieces{0};  // given so far
  std::atomic<bool> released{false};
  int most = 0;
  int fails_at = -1;

  Handler handler() {
    return [this](Request&) -> Task<Response> {
      Response response;
      response.headers.add("Content-Type", "text/csv");
      response.body = "start\n";
      const auto witness = std::shared_ptr<void>(nullptr, [this](const void*) { released = true; });
      response.stream = [this, witness](std::string& chunk) { return next(chunk); };
      co_return response;
    };
  }
  Task<bool> next(std::string& chunk) {
    if (pieces == fails_at) throw std::runtime_error("the database went away");
    if (pieces == most) co_return false;
    ++pieces;
    chunk.append(kPiece, 'x');
    co_return true;
  }
};

void wait_until(const std::function<bool()>& what) {
  for (int i = 0; i < 500 && !what(); ++i) std::this_thread::sleep_for(10ms);
  EXPECT_TRUE(what());
}

std::string unchunk(std::string_view bytes) {
  std::string body;
  while (!bytes.empty()) {
    const auto size = std::stoul(std::string(bytes.substr(0, bytes.find("\r\n"))), nullptr, 16);
    if (size == 0) return bytes == "0\r\n\r\n" ? body : "no clean end";
    bytes.remove_prefix(bytes.find("\r\n") + 2);
    body += bytes.substr(0, size);
    bytes.remove_prefix(size + 2);
  }
  return "no end";
}

const std::string kAsk = "GET /all HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";

class StreamTest : public testing::Test {
 protected:
  static Limits limits() {
    Limits limits;
    limits.write_timeout = 300ms;
    return limits;
  }
  Source source;
  TestServer server{
      [this](Router& router) { router.add(Method::get, "/all", source.handler(), Access::open); },
      limits()};
};

}  // namespace

TEST_F(StreamTest, SendsEveryPieceAndACleanEnd) {
  source.most = 100;
  RawClient client(server.port);
  client.send(kAsk);
  const auto answer = client.rest();
  EXPECT_NE(answer.find("Transfer-Encoding: chunked\r\n"), std::string::npos);
  EXPECT_EQ(unchunk(test::body_of(answer)), "start\n" + std::string(100 * kPiece, 'x'));
}

TEST_F(StreamTest, KeepsTheConnectionAfterwards) {
  source.most = 1;
  RawClient client(server.port);
  client.send(
      "GET /all HTTP/1.1\r\nHost: a\r\n\r\nGET /none HTTP/1.1\r\nHost: a\r\nConnection: "
      "close\r\n\r\n");
  EXPECT_NE(client.rest().find("0\r\n\r\nHTTP/1.1 404 Not Found"), std::string::npos);
}

TEST_F(StreamTest, AsksTheSourceOnlyForWhatTheClientTakes) {
  source.most = 100'000;  // 6.5 GB
  RawClient client(server.port, 64 * 1024);
  client.send(kAsk);
  std::this_thread::sleep_for(150ms);
  const int ahead = source.pieces;
  EXPECT_LT(ahead, 200) << "only the kernel's buffers are full";
  client.take(100 * kPiece);
  EXPECT_GT(source.pieces, ahead);
}

TEST_F(StreamTest, DropsAClientThatTakesNothing) {
  source.most = 100'000;
  RawClient client(server.port, 64 * 1024);
  client.send(kAsk);
  wait_until([this] { return source.released.load(); });
}

TEST_F(StreamTest, ReleasesTheSourceWhenTheClientVanishes) {
  source.most = 100'000;
  RawClient client(server.port);
  client.send(kAsk);
  client.take(10 * kPiece);
  client.vanish();
  wait_until([this] { return source.released.load(); });
}

TEST_F(StreamTest, NeverEndsABrokenAnswerCleanly) {
  source.most = 5;
  source.fails_at = 3;
  RawClient client(server.port);
  client.send(kAsk);
  EXPECT_EQ(client.rest().find("0\r\n\r\n"), std::string::npos);
  EXPECT_FALSE(client.ended);
  EXPECT_TRUE(client.reset);

  source.pieces = 0;
  RawClient old(server.port);
  old.send("GET /all HTTP/1.0\r\n\r\n");
  old.rest();
  EXPECT_TRUE(old.reset) << "HTTP/1.0 would take an orderly end for the end of the body";
}

TEST_F(StreamTest, EndsAnHttp10AnswerByClosing) {
  source.most = 3;
  RawClient client(server.port);
  client.send("GET /all HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
  const auto answer = client.rest();
  EXPECT_TRUE(client.ended);
  EXPECT_EQ(answer.find("Transfer-Encoding"), std::string::npos);
  EXPECT_EQ(test::body_of(answer), "start\n" + std::string(3 * kPiece, 'x'));
}

TEST_F(StreamTest, SendsNoBodyToHead) {
  source.most = 3;
  RawClient client(server.port);
  client.send("HEAD /all HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
  EXPECT_EQ(test::body_of(client.rest()), "");
  EXPECT_EQ(source.pieces, 0);
}

TEST_F(StreamTest, ServesOthersMeanwhile) {
  source.most = 100'000;
  RawClient greedy(server.port);
  greedy.send(kAsk);
  std::atomic<bool> enough{false};
  std::thread reader([&] {
    while (!enough && greedy.receive()) greedy.pending.clear();
  });
  RawClient other(server.port);
  EXPECT_EQ(test::status_of_answer(other.ask("GET /none HTTP/1.1\r\nHost: a\r\n\r\n")), 404);
  enough = true;
  reader.join();
}

}  // namespace croft::http

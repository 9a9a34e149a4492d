// Tests of reading requests: in pieces, in a row, and everything that smells of smuggling.
// SPDX-License-Identifier: Apache-2.0
#include "http/request_parser.hpp"

#include <gtest/gtest.h>

namespace croft::http {
namespace {

// Feeds `bytes` in pieces of `size` as a session does. Returns what was not taken.
std::string feed(RequestParser& parser, std::string_view bytes, std::size_t size) {
  std::string pending;
  while (!bytes.empty() || !pending.empty()) {
    const auto piece = bytes.substr(0, size);
    bytes.remove_prefix(piece.size());
    pending += piece;
    pending.erase(0, parser.feed(pending));
    if (parser.complete() || parser.refusal() || bytes.empty()) break;
  }
  return pending + std::string(bytes);
}

// The status of the refusal, 200 when the request is whole, 0 when more is needed.
int read(std::string_view bytes, std::size_t size = 1U << 20) {
  RequestParser::Sizes sizes;
  sizes.body_bytes = 1000;
  RequestParser parser(sizes);
  feed(parser, bytes, size);
  if (parser.refusal()) return parser.refusal()->status;
  return parser.complete() ? 200 : 0;
}

std::string get(std::string_view target, std::string_view more = {}) {
  return "GET " + std::string(target) + " HTTP/1.1\r\nHost: a\r\n" + std::string(more) + "\r\n";
}

std::string post(std::string_view headers, std::string_view body) {
  return "POST /a HTTP/1.1\r\nHost: a\r\n" + std::string(headers) + "\r\n" + std::string(body);
}

constexpr std::string_view kChunked = "Transfer-Encoding: chunked\r\n";

}  // namespace

TEST(RequestParser, ReadsARequestInPiecesOfAnySize) {
  const auto bytes = post("Content-Type: application/json\r\nContent-Length: 5\r\n", "helloGET");
  for (const std::size_t size : {1, 2, 3, 7, 1000}) {
    RequestParser parser({});
    EXPECT_EQ(feed(parser, bytes, size), "GET") << size;
    ASSERT_TRUE(parser.complete());
    EXPECT_EQ(parser.request().body, "hello");
    EXPECT_EQ(parser.request().method, Method::post);
    EXPECT_EQ(parser.request().headers.get("content-type"), "application/json");
    EXPECT_TRUE(parser.keep_alive());
  }
}

TEST(RequestParser, ReadsChunksAndForgetsTrailers) {
  const auto bytes = post(kChunked, "5;x=y\r\nhello\r\n1\r\n!\r\n0\r\nHost: b\r\n\r\n");
  for (const std::size_t size : {1, 5, 1000}) {
    RequestParser parser({});
    EXPECT_EQ(feed(parser, bytes, size), "");
    ASSERT_TRUE(parser.complete()) << size;
    EXPECT_EQ(parser.request().body, "hello!");
    EXPECT_EQ(parser.request().headers.count("Host"), 1U);
  }
}

TEST(RequestParser, ReadsABodyOfNoChunks) {
  for (const std::size_t size : {1, 2, 3, 4, 5, 1000})
    EXPECT_EQ(read(post(kChunked, "0\r\n\r\n"), size), 200) << size;
}

TEST(RequestParser, TakesThePathOfAnAbsoluteTarget) {
  RequestParser parser({});
  feed(parser, get("http://croft.example:8080/a%20b?x=1"), 1000);
  ASSERT_TRUE(parser.complete());
  EXPECT_EQ(parser.request().path, "/a b");
  EXPECT_EQ(parser.request().query.get("x"), "1");
  EXPECT_EQ(parser.request().headers.get("Host"), "croft.example:8080");
  EXPECT_EQ(read(get("http://croft.example")), 200);
  EXPECT_EQ(read(get("http://croft.example?x=1")), 200);
}

TEST(RequestParser, RefusesTargetsThatTwoServersCouldReadApart) {
  for (const auto* target :
       {"*", "a", "//", "/a//b", "/..", "/a/../b", "/%2e%2e/a", "/a%2fb", "/a%00", "/a%", "/a#b",
        "/a?x=%zz", "/a\x01", "ftp://a/b", "/\\..\xFF"})
    EXPECT_EQ(read(get(target)), 400) << target;
}

TEST(RequestParser, RefusesEveryWayToSmuggleABody) {
  const std::string length = "Content-Length: 5\r\n";
  for (const auto& headers :
       {length + "Transfer-Encoding: chunked\r\n",
        "Transfer-Encoding: chunked\r\n" + length,
        length + length,
        length + "Content-Length: 6\r\n",
        std::string("Content-Length: 5, 5\r\n"),
        std::string("Content-Length: +5\r\n"),
        std::string("Content-Length: -5\r\n"),
        std::string("Content-Length: 0x5\r\n"),
        std::string("Content-Length: 5 5\r\n"),
        std::string("Content-Length:\r\n"),
        std::string("Content-Length : 5\r\n"),
        std::string("Content-Length: 99999999999999999999\r\n"),
        std::string("X: a\r\n Content-Length: 5\r\n"),
        std::string("X: a\r\n\tb\r\n"),
        std::string("X: a\nContent-Length: 5\r\n"),
        std::string("X: a\rContent-Length: 5\r\n"),
        std::string("X: a\0b\r\n", 8),
        std::string(" X: a\r\n"),
        std::string("X\r\n"),
        std::string("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n")})
    EXPECT_EQ(read(post(headers, "hello")), 400) << headers;
  for (const auto* coding : {"gzip", "identity", "gzip, chunked", "chunked, gzip", "xchunked"})
    EXPECT_EQ(read(post("Transfer-Encoding: " + std::string(coding) + "\r\n", "0\r\n\r\n")), 501)
        << coding;
  EXPECT_EQ(read("POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"), 400);
}

TEST(RequestParser, RefusesBadChunks) {
  for (const auto* body :
       {"x\r\nhello\r\n0\r\n\r\n", "-5\r\nhello", "5\r\nhelloX\r\n0\r\n\r\n",
        "5 x\r\nhello\r\n0\r\n\r\n", "ffffffffffffffffff\r\n", "\r\n\r\n", "0x5\r\nhello\r\n\r\n"})
    EXPECT_EQ(read(post(kChunked, body)), 400) << body;
  EXPECT_EQ(read(post(kChunked, "fffffffffffffff\r\n")), 413);
  EXPECT_EQ(read(post(kChunked, "5\nhello\n0\n\n")), 0) << "a bare LF ends no line";
}

TEST(RequestParser, WantsExactlyOneHost) {
  EXPECT_EQ(read("GET / HTTP/1.1\r\n\r\n"), 400);
  EXPECT_EQ(read("GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n"), 400);
  EXPECT_EQ(read("GET / HTTP/1.0\r\n\r\n"), 200);
}

TEST(RequestParser, SaysWhatIsTooLarge) {
  EXPECT_EQ(read(get("/" + std::string(9000, 'a'))), 414);
  EXPECT_EQ(read("GET /" + std::string(20000, 'a'), 1000), 414);
  EXPECT_EQ(read(get("/", "X: " + std::string(20000, 'a') + "\r\n")), 431);
  EXPECT_EQ(read("GET / HTTP/1.1\r\nX: " + std::string(20000, 'a'), 1000), 431);
  std::string many;
  for (int i = 0; i < 101; ++i) many += "X: a\r\n";
  EXPECT_EQ(read(get("/", many)), 431);
  EXPECT_EQ(read(post("Content-Length: 1001\r\n", "")), 413);
  EXPECT_EQ(read(post(kChunked, "1f4\r\n" + std::string(500, 'a') + "\r\n1f5\r\n")), 413);
}

TEST(RequestParser, KnowsItsMethodsAndVersions) {
  EXPECT_EQ(read("BREW / HTTP/1.1\r\nHost: a\r\n\r\n"), 501);
  EXPECT_EQ(read("CONNECT a:1 HTTP/1.1\r\nHost: a\r\n\r\n"), 501);
  EXPECT_EQ(read("get / HTTP/1.1\r\nHost: a\r\n\r\n"), 501);
  EXPECT_EQ(read("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"), 505);
  EXPECT_EQ(read("GET / HTTP/1.2\r\nHost: a\r\n\r\n"), 505);
  EXPECT_EQ(read("GET /\r\n\r\n"), 400);
}

TEST(RequestParser, AnswersTlsAtTheFirstByte) {
  EXPECT_EQ(read(std::string_view("\x16\x03\x01\x02\x00\x01", 6)), 400);
  EXPECT_EQ(read("\n"), 400);
  EXPECT_EQ(read(" GET / HTTP/1.1"), 400);
}

TEST(RequestParser, OverlooksBlankLinesBeforeARequest) {
  for (const std::size_t size : {1, 2, 3, 1000}) EXPECT_EQ(read("\r\n\r\n" + get("/"), size), 200);
}

TEST(RequestParser, KnowsWhatAClientExpects) {
  RequestParser parser({});
  feed(parser, post("Content-Length: 5\r\nExpect: 100-continue\r\n", ""), 1000);
  EXPECT_TRUE(parser.header_complete());
  EXPECT_TRUE(parser.expects_continue());
  EXPECT_FALSE(parser.complete());
  EXPECT_EQ(read(post("Content-Length: 5\r\nExpect: tea\r\n", "hello")), 417);
}

TEST(RequestParser, RecognisesAWebSocketHandshake) {
  const auto wants = [](std::string_view bytes) {
    RequestParser parser({});
    feed(parser, bytes, 1000);
    return parser.complete() && parser.wants_websocket();
  };
  EXPECT_TRUE(wants(get("/ws", "Connection: keep-alive, Upgrade\r\nUpgrade: websocket\r\n")));
  EXPECT_FALSE(wants(get("/ws", "Upgrade: websocket\r\n")));
  EXPECT_FALSE(wants(get("/ws", "Connection: Upgrade\r\nUpgrade: h2c\r\n")));
  EXPECT_FALSE(wants("GET /ws HTTP/1.0\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n"));
}

}  // namespace croft::http

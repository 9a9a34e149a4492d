// Tests of the blocking client against the server and against answers that break off.
// SPDX-License-Identifier: Apache-2.0
#include "http/client.hpp"

#include <gtest/gtest.h>

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/streambuf.hpp>
#include <boost/asio/write.hpp>

#include "http/test_server.hpp"

namespace croft::http {
namespace {

using asio::ip::tcp;

// Answers one connection with fixed bytes, then closes it.
class FixedAnswer {
 public:
  explicit FixedAnswer(std::string bytes)
      : thread_([this, bytes = std::move(bytes)] {
          auto socket = acceptor_.accept();
          asio::streambuf request;
          asio::read_until(socket, request, "\r\n\r\n");
          asio::write(socket, asio::buffer(bytes));
        }) {}
  ~FixedAnswer() { thread_.join(); }
  Client client() { return Client::tcp("127.0.0.1", acceptor_.local_endpoint().port()); }

 private:
  asio::io_context loop_;
  tcp::acceptor acceptor_{loop_, tcp::endpoint(asio::ip::make_address("127.0.0.1"), 0)};
  std::thread thread_;
};

}  // namespace

TEST(Client, SendsAndReceivesWholeMessages) {
  test::TestServer server([](Router& router) {
    router.add(
        Method::post, "/echo",
        [](Request& request) -> Task<Response> {
          auto response = Response::json(request.body + std::string(request.headers.get("X-A")));
          response.stream = [left = 3](std::string& chunk) mutable -> Task<bool> {
            chunk += std::to_string(left);
            co_return left-- > 1;
          };
          co_return response;
        },
        Access::open);
  });
  Headers headers;
  headers.add("X-A", "!");
  const auto client = Client::tcp("localhost", server.port);
  const auto answer = client.request(Method::post, "/echo", "{}", headers);
  ASSERT_TRUE(answer) << answer.error().message;
  EXPECT_EQ(answer->status, 200);
  EXPECT_EQ(answer->body, "{}!321");
  EXPECT_EQ(answer->headers.get("content-type"), "application/json");
  EXPECT_EQ(client.request(Method::get, "/nothing")->status, 404);
  EXPECT_EQ(client.request(Method::head, "/nothing")->body, "");
}

TEST(Client, ReadsABodyThatEndsWithTheConnection) {
  FixedAnswer server("HTTP/1.1 200 OK\r\n\r\nall of it");
  EXPECT_EQ(server.client().request(Method::get, "/")->body, "all of it");
}

TEST(Client, TellsWhenAnAnswerBreaksOff) {
  for (const auto* bytes :
       {"", "HTTP/1.1 200 OK\r\nContent-Le", "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n",
        "this is not HTTP\r\n\r\n"}) {
    FixedAnswer server(bytes);
    const auto answer = server.client().request(Method::get, "/");
    ASSERT_FALSE(answer) << bytes;
    EXPECT_EQ(answer.error().code, Code::unavailable);
  }
}

TEST(Client, TellsWhenNobodyListens) {
  std::uint16_t port = 0;
  {
    asio::io_context loop;
    const tcp::acceptor gone(loop, tcp::endpoint(asio::ip::make_address("127.0.0.1"), 0));
    port = gone.local_endpoint().port();
  }
  const auto answer = Client::tcp("127.0.0.1", port).request(Method::get, "/");
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, Code::unavailable);
  EXPECT_NE(answer.error().message.find("Connection refused"), std::string::npos);
}

}  // namespace croft::http

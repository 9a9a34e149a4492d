// Tests of connections over real sockets: keep-alive, pipelining, limits, timeouts, the end.
// SPDX-License-Identifier: Apache-2.0
#include "http/server.hpp"

#include <gtest/gtest.h>
#include <sys/resource.h>

#include <ctime>
#include <vector>

#include "http/test_server.hpp"

namespace croft::http {
namespace {

using namespace std::chrono_literals;
using test::body_of;
using test::RawClient;
using test::status_of_answer;
using test::TestServer;

const std::string kGet = "GET /api/v1/ping HTTP/1.1\r\nHost: a\r\n\r\n";

Limits short_limits() {
  Limits limits;
  limits.header_timeout = 150ms;
  limits.body_timeout = 150ms;
  limits.idle_timeout = 300ms;
  limits.write_timeout = 300ms;
  return limits;
}

void routes(Router& router) {
  router.add(
      Method::get, "/api/v1/ping",
      [](Request& request) -> Task<Response> {
        const auto n = request.query.get("n").value_or("pong");
        co_return Response::json("\"" + std::string(n) + "\"");
      },
      Access::open);
  router.add(
      Method::post, "/api/v1/echo",
      [](Request& request) -> Task<Response> { co_return Response::json(request.body); },
      Access::open);
  router.add(
      Method::get, "/slow",
      [](Request&) -> Task<Response> {
        co_await sleep_for(200ms);
        co_return Response::json("\"slow\"");
      },
      Access::open);
  router.add(
      Method::get, "/stuck",
      [](Request&) -> Task<Response> {
        co_await sleep_for(1h);
        co_return Response();
      },
      Access::open);
  router.add(
      Method::get, "/whoami",
      [](Request& request) -> Task<Response> {
        co_return Response::json(request.remote + (request.secure ? " secure" : ""));
      },
      Access::open);
  router.add(
      Method::get, "/injected",
      [](Request&) -> Task<Response> {
        auto response = Response::no_content();
        response.headers.add("X-Name", "a\r\nX-Evil: yes");
        response.headers.add("Content-Length", "7");
        co_return response;
      },
      Access::open);
}

std::string post(std::string_view headers, std::string_view body) {
  return "POST /api/v1/echo HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n" +
         std::string(headers) + "\r\n" + std::string(body);
}

}  // namespace

TEST(Server, KeepsAConnectionForManyRequests) {
  TestServer server(routes);
  RawClient client(server.port);
  for (int i = 0; i < 50; ++i) {
    const auto answer = client.ask(kGet);
    EXPECT_EQ(status_of_answer(answer), 200);
    EXPECT_EQ(body_of(answer), "\"pong\"");
  }
}

TEST(Server, AnswersPipelinedRequestsInOrder) {
  TestServer server(routes);
  RawClient client(server.port);
  std::string all;
  for (int i = 0; i < 100; ++i)
    all += "GET /api/v1/ping?n=" + std::to_string(i) + " HTTP/1.1\r\nHost: a\r\n\r\n";
  client.send("GET /slow HTTP/1.1\r\nHost: a\r\n\r\n" + all);
  EXPECT_EQ(body_of(client.answer()), "\"slow\"");
  for (int i = 0; i < 100; ++i)
    EXPECT_EQ(body_of(client.answer()), "\"" + std::to_string(i) + "\"");
}

TEST(Server, SendsTheHeadersThatEveryAnswerCarries) {
  TestServer server(routes);
  RawClient client(server.port);
  const auto api = client.ask(kGet);
  for (const auto* line :
       {"X-Content-Type-Options: nosniff\r\n", "Referrer-Policy: no-referrer\r\n",
        "Cache-Control: no-store\r\n", "Content-Security-Policy: default-src 'none'",
        "\r\nDate: ", " GMT\r\n", "Content-Type: application/json\r\n"})
    EXPECT_NE(api.find(line), std::string::npos) << line << "\n" << api;
  EXPECT_EQ(api.find("Server:"), std::string::npos);
  const auto page = client.ask("GET /x HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_NE(page.find("Content-Security-Policy: default-src 'self'"), std::string::npos) << page;
  EXPECT_EQ(page.find("Cache-Control"), std::string::npos);
}

TEST(Server, LetsNoHandlerBreakTheHead) {
  TestServer server(routes);
  RawClient client(server.port);
  const auto answer = client.ask("GET /injected HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_NE(answer.find("X-Name: a  X-Evil: yes\r\n"), std::string::npos) << answer;
  EXPECT_EQ(answer.find("Content-Length"), std::string::npos);
  EXPECT_EQ(body_of(client.ask(kGet)), "\"pong\"");
}

TEST(Server, AnswersHeadWithTheLengthButNoBody) {
  TestServer server(routes);
  RawClient client(server.port);
  client.send("HEAD /api/v1/ping HTTP/1.1\r\nHost: a\r\n\r\n" + kGet);
  const auto head = client.take(std::string_view("HTTP/1.1 200 OK").size());
  while (client.pending.find("\"pong\"") == std::string::npos && client.receive()) {
  }
  const auto both = head + client.pending;
  EXPECT_NE(both.find("Content-Length: 6\r\n\r\nHTTP/1.1 200 OK"), std::string::npos) << both;
}

TEST(Server, SpeaksHttp10) {
  TestServer server(routes);
  RawClient closing(server.port);
  closing.send("GET /api/v1/ping HTTP/1.0\r\n\r\n");
  const auto answer = closing.rest();
  EXPECT_EQ(status_of_answer(answer), 200);
  EXPECT_NE(answer.find("Connection: close\r\n"), std::string::npos);
  EXPECT_TRUE(closing.ended);

  RawClient keeping(server.port);
  const std::string request = "GET /api/v1/ping HTTP/1.0\r\nConnection: keep-alive\r\n\r\n";
  EXPECT_NE(keeping.ask(request).find("Connection: keep-alive\r\n"), std::string::npos);
  EXPECT_EQ(status_of_answer(keeping.ask(request)), 200);
}

TEST(Server, ClosesWhenTheClientWishes) {
  TestServer server(routes);
  RawClient client(server.port);
  client.send("GET /api/v1/ping HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
  EXPECT_EQ(status_of_answer(client.rest()), 200);
  EXPECT_TRUE(client.ended);
}

TEST(Server, AnswersAClientThatHasFinishedSending) {
  TestServer server(routes);
  RawClient client(server.port);
  client.send("GET /slow HTTP/1.1\r\nHost: a\r\n\r\n");
  client.finish_sending();
  EXPECT_EQ(body_of(client.rest()), "\"slow\"");
}

TEST(Server, AsksForABodyThatWaitsForTheWord) {
  TestServer server(routes);
  RawClient client(server.port);
  client.send(post("Content-Length: 7\r\nExpect: 100-continue\r\n", ""));
  EXPECT_EQ(client.answer(), "HTTP/1.1 100 Continue\r\n\r\n");
  EXPECT_EQ(body_of(client.ask("\"hello\"")), "\"hello\"");
  client.send(post("Content-Length: 99999999\r\nExpect: 100-continue\r\n", ""));
  EXPECT_EQ(status_of_answer(client.answer()), 413);
}

TEST(Server, ReadsLargeAndChunkedBodies) {
  TestServer server(routes);
  RawClient client(server.port);
  const std::string large = "\"" + std::string(900'000, 'x') + "\"";
  EXPECT_EQ(body_of(client.ask(post("Content-Length: 900002\r\n", large))), large);
  EXPECT_EQ(body_of(client.ask(
                post("Transfer-Encoding: chunked\r\n", "3\r\n\"he\r\n2\r\ny\"\r\n0\r\n\r\n"))),
            "\"hey\"");
  EXPECT_EQ(status_of_answer(client.ask(kGet)), 200);
}

TEST(Server, RefusesInProblemDetailsAndCloses) {
  TestServer server(routes);
  const std::pair<std::string, int> cases[] = {
      {"GET / HTTP/1.1\r\nHost: a\r\nX: " + std::string(20'000, 'a') + "\r\n\r\n", 431},
      {"GET /" + std::string(9'000, 'a') + " HTTP/1.1\r\nHost: a\r\n\r\n", 414},
      {"GET /../etc/passwd HTTP/1.1\r\nHost: a\r\n\r\n", 400},
      {post("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n", "hello"), 400},
      {post("Content-Length: 2000000\r\n", std::string(300'000, 'a')), 413},
      {"BREW /pot HTTP/1.1\r\nHost: a\r\n\r\n", 501},
      {"GET / HTTP/3.0\r\nHost: a\r\n\r\n", 505},
      {std::string("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 11), 400}};
  for (const auto& [bytes, status] : cases) {
    RawClient client(server.port);
    client.send(bytes);
    const auto answer = client.rest();
    EXPECT_EQ(status_of_answer(answer), status) << answer;
    EXPECT_NE(answer.find("Content-Type: application/problem+json\r\n"), std::string::npos);
    EXPECT_NE(answer.find("Connection: close\r\n"), std::string::npos);
    EXPECT_FALSE(client.reset) << status;
  }
  EXPECT_NE(server.metrics().find("croft_http_refused_total{status=\"400\"} 3"), std::string::npos);
}

TEST(Server, EndsARequestThatComesTooSlowly) {
  TestServer server(routes, short_limits());
  RawClient head(server.port);
  head.send("GET / HTTP/1.1\r\nX: ");
  for (int i = 0; i < 20 && head.send("a"); ++i) std::this_thread::sleep_for(20ms);
  EXPECT_EQ(status_of_answer(head.rest()), 408);

  RawClient body(server.port);
  body.send(post("Content-Length: 10\r\n", "abc"));
  EXPECT_EQ(status_of_answer(body.rest()), 408);
}

TEST(Server, ClosesAnIdleConnectionWithoutAWord) {
  TestServer server(routes, short_limits());
  RawClient silent(server.port);
  EXPECT_EQ(silent.rest(), "");
  EXPECT_TRUE(silent.ended);
  RawClient used(server.port);
  used.ask(kGet);
  EXPECT_EQ(used.rest(), "");
  EXPECT_TRUE(used.ended);
}

TEST(Server, GivesASlowHandlerItsTime) {
  TestServer server(routes, short_limits());
  RawClient client(server.port);
  EXPECT_EQ(body_of(client.ask("GET /slow HTTP/1.1\r\nHost: a\r\n\r\n")), "\"slow\"");
}

TEST(Server, ClosesTheOldestIdleConnectionWhenFull) {
  Limits limits;
  limits.connections = 3;
  TestServer server(routes, limits);
  RawClient oldest(server.port);
  oldest.ask(kGet);
  RawClient busy(server.port);
  busy.send("GET /stuck HTTP/1.1\r\nHost: a\r\n\r\n");
  RawClient young(server.port);
  young.ask(kGet);
  RawClient fresh(server.port);
  EXPECT_EQ(status_of_answer(fresh.ask(kGet)), 200);
  EXPECT_EQ(oldest.rest(), "");
  EXPECT_TRUE(oldest.ended);
  EXPECT_EQ(status_of_answer(young.ask(kGet)), 200);
}

TEST(Server, BoundsTheMemoryOfAllBodiesTogether) {
  Limits limits;
  limits.bodies_bytes = 100'000;
  TestServer server(routes, limits);
  RawClient first(server.port);
  first.send(post("Content-Length: 90000\r\n", std::string(80'000, ' ')));
  std::this_thread::sleep_for(50ms);
  RawClient second(server.port);
  second.send(post("Content-Length: 90000\r\n", std::string(80'000, ' ')));
  EXPECT_EQ(status_of_answer(second.rest()), 503);
  EXPECT_EQ(status_of_answer(first.ask(std::string(10'000, ' '))), 200);
  EXPECT_EQ(status_of_answer(first.ask(post("Content-Length: 4\r\n", "true"))), 200);
}

TEST(Server, BelievesOnlyTrustedProxies) {
  TestServer server(routes);
  const std::string request =
      "GET /whoami HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: 198.51.100.7, 203.0.113.9\r\n"
      "X-Forwarded-Proto: https\r\n\r\n";
  RawClient client(server.port);
  EXPECT_EQ(body_of(client.ask(request)), "127.0.0.1");
  server.on_loop([&] { server.server().trust_proxies({"127.0.0.1"}); });
  EXPECT_EQ(body_of(client.ask(request)), "203.0.113.9 secure");
}

TEST(Server, FinishesRequestsUnderWayBeforeItEnds) {
  TestServer server(routes);
  RawClient busy(server.port);
  RawClient idle(server.port);
  idle.ask(kGet);
  busy.send("GET /slow HTTP/1.1\r\nHost: a\r\n\r\n");
  std::this_thread::sleep_for(50ms);
  const auto started = std::chrono::steady_clock::now();
  server.drain(5s);
  EXPECT_LT(std::chrono::steady_clock::now() - started, 2s);
  const auto answer = busy.rest();
  EXPECT_EQ(body_of(answer), "\"slow\"");
  EXPECT_NE(answer.find("Connection: close"), std::string::npos);
  EXPECT_EQ(idle.rest(), "");
}

TEST(Server, MakesRoomWhenTheProcessRunsOutOfFiles) {
  TestServer server(routes);
  RawClient idle(server.port);
  idle.ask(kGet);
  std::vector<int> hogs;
  rlimit before{};
  ::getrlimit(RLIMIT_NOFILE, &before);
  const rlimit few{256, before.rlim_max};
  ::setrlimit(RLIMIT_NOFILE, &few);
  for (int fd = ::dup(0); fd >= 0; fd = ::dup(0)) hogs.push_back(fd);
  ASSERT_GT(hogs.size(), 1U);
  ::close(hogs.back());  // for the client's end; none is left for the server's
  RawClient fresh(server.port);
  const auto cpu = std::clock();
  std::this_thread::sleep_for(50ms);
  EXPECT_EQ(status_of_answer(fresh.ask(kGet)), 200);
  EXPECT_LT(std::clock() - cpu, CLOCKS_PER_SEC / 10) << "it may not spin meanwhile";
  EXPECT_EQ(idle.rest(), "");
  hogs.pop_back();
  for (const int fd : hogs) ::close(fd);
  ::setrlimit(RLIMIT_NOFILE, &before);
}

TEST(Server, MayBeDestroyedWithoutDraining) {
  asio::io_context loop;
  Metrics metrics;
  Router router(metrics);
  routes(router);
  auto server = std::make_unique<Server>(loop.get_executor(), router, metrics);
  RawClient busy(server->listen("127.0.0.1:0"));
  busy.send("GET /stuck HTTP/1.1\r\nHost: a\r\n\r\n");
  loop.run_for(50ms);
  server.reset();
  EXPECT_FALSE(busy.receive());
  loop.run_for(200ms);
  EXPECT_TRUE(loop.stopped()) << "nothing keeps the loop alive";
}

TEST(Server, CutsWhatDoesNotEnd) {
  TestServer server(routes);
  RawClient stuck(server.port);
  stuck.send("GET /stuck HTTP/1.1\r\nHost: a\r\n\r\n");
  std::this_thread::sleep_for(50ms);
  const auto started = std::chrono::steady_clock::now();
  server.drain(100ms);
  EXPECT_LT(std::chrono::steady_clock::now() - started, 2s);
  EXPECT_EQ(stuck.rest(), "");
}

}  // namespace croft::http

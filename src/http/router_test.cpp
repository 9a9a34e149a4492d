// Tests of the route table and of the rules in front of every handler.
// SPDX-License-Identifier: Apache-2.0
#include "http/router.hpp"

#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/use_future.hpp>
#include <stdexcept>

namespace croft::http {
namespace {

struct KnownCallers final : Guard {
  Task<Result<>> admit(Request& request) override {
    if (request.headers.get("Authorization") != "Bearer right")
      co_return fail(Code::unauthenticated, "Log in first.");
    request.caller = std::string("ann");
    co_return Result<>();
  }
};

template <class T>
T run(Task<T> task) {
  asio::io_context loop;
  auto outcome = asio::co_spawn(loop, std::move(task), asio::use_future);
  loop.run();
  return outcome.get();
}

Request make(Method method, std::string path) {
  Request request;
  request.method = method;
  request.path = std::move(path);
  request.headers.add("Authorization", "Bearer right");
  request.headers.add("Host", "croft.example:8080");
  request.remote = "192.0.2.1";
  return request;
}

Handler says(std::string what) {
  return [what](Request& request) -> Task<Response> {
    std::string text = what;
    for (const auto& [name, value] : request.params) text += " " + name + "=" + value;
    co_return Response::json(text);
  };
}

class RouterTest : public testing::Test {
 protected:
  RouterTest() {
    router.set_guard(std::make_shared<KnownCallers>());
    router.add(Method::get, "/api/v1/devices", says("list"));
    router.add(Method::post, "/api/v1/devices", says("add"));
    router.add(Method::get, "/api/v1/devices/{id}", says("one"));
    router.add(Method::del, "/api/v1/devices/{id}", says("remove"));
    router.add(Method::get, "/api/v1/devices/all", says("all"));
    router.add(Method::post, "/api/v1/devices/{device}/secret", says("rotate"));
    router.add(Method::get, "/open", says("open"), Access::open);
    router.add(Method::get, "/admin", says("admin"), Access::local);
    router.add_websocket("/ws", [](Request&, WebSocket&) -> Task<void> { co_return; });
  }
  Response answer(Request request) { return run(router.answer(request)); }
  std::optional<Error> upgrade(Request request) {
    const auto handler = run(router.upgrade(request));
    if (handler) return std::nullopt;
    return handler.error();
  }

  Metrics metrics;
  Router router{metrics};
};

}  // namespace

TEST_F(RouterTest, FindsLiteralsBeforeBraces) {
  EXPECT_EQ(answer(make(Method::get, "/api/v1/devices/all")).body, "all");
  EXPECT_EQ(answer(make(Method::get, "/api/v1/devices/abc")).body, "one id=abc");
  EXPECT_EQ(answer(make(Method::post, "/api/v1/devices/all/secret")).body, "rotate device=all");
}

TEST_F(RouterTest, AnswersHeadByWayOfGet) {
  EXPECT_EQ(answer(make(Method::head, "/api/v1/devices")).body, "list");
}

TEST_F(RouterTest, TellsUnknownPathsFromUnknownMethods) {
  for (const auto* path : {"/", "/nothing", "/api/v1/devices/", "/api/v1/devices/a/b", "/api/v1"})
    EXPECT_EQ(answer(make(Method::get, path)).status, 404) << path;
  const auto refused = answer(make(Method::put, "/api/v1/devices/abc"));
  EXPECT_EQ(refused.status, 405);
  EXPECT_EQ(refused.headers.get("Allow"), "GET, HEAD, DELETE, OPTIONS");
}

TEST_F(RouterTest, AnswersOptionsWithTheMethods) {
  const auto response = answer(make(Method::options, "/api/v1/devices"));
  EXPECT_EQ(response.status, 204);
  EXPECT_EQ(response.headers.get("Allow"), "GET, HEAD, POST, OPTIONS");
}

TEST_F(RouterTest, AsksTheGuardUnlessARouteIsOpen) {
  auto stranger = make(Method::get, "/api/v1/devices");
  stranger.headers.set("Authorization", "Bearer wrong");
  const auto refused = answer(stranger);
  EXPECT_EQ(refused.status, 401);
  EXPECT_EQ(refused.headers.get("WWW-Authenticate"), "Bearer");
  stranger.path = "/open";
  EXPECT_EQ(answer(stranger).status, 200);
}

TEST_F(RouterTest, LetsNobodyInWithoutAGuard) {
  router.set_guard(nullptr);
  EXPECT_EQ(answer(make(Method::get, "/api/v1/devices")).status, 401);
  EXPECT_EQ(upgrade(make(Method::get, "/ws"))->code, Code::unauthenticated);
}

TEST_F(RouterTest, AsksForPatienceWhileRoutesAreStillToCome) {
  router.set_whole(false);
  const auto early = answer(make(Method::get, "/api/v1/data/all"));
  EXPECT_EQ(early.status, 503);
  EXPECT_EQ(early.headers.get("Retry-After"), "2");
  EXPECT_EQ(answer(make(Method::get, "/")).status, 503);
  EXPECT_EQ(upgrade(make(Method::get, "/graph/ws"))->code, Code::unavailable);
  EXPECT_EQ(answer(make(Method::get, "/open")).status, 200);
  router.set_whole(true);
  EXPECT_EQ(answer(make(Method::get, "/api/v1/data/all")).status, 404);
}

TEST_F(RouterTest, HidesAdministrationFromEverybodyElse) {
  auto request = make(Method::get, "/admin");
  EXPECT_EQ(answer(request).status, 404);
  request.method = Method::post;
  EXPECT_EQ(answer(request).status, 404);
  request.method = Method::options;
  EXPECT_EQ(answer(request).status, 404);
  request.method = Method::get;
  request.remote = "local";
  EXPECT_EQ(answer(request).status, 200);
}

TEST_F(RouterTest, RefusesAParameterGivenTwice) {
  auto request = make(Method::get, "/api/v1/devices");
  request.query = *parse_query("limit=1&limit=1000");
  const auto refused = answer(request);
  EXPECT_EQ(refused.status, 422);
  EXPECT_NE(refused.body.find(R"("field":"limit")"), std::string::npos);
}

TEST_F(RouterTest, TakesNoBodyButJson) {
  auto request = make(Method::post, "/api/v1/devices");
  EXPECT_EQ(answer(request).status, 200);
  request.body = "name=x";
  EXPECT_EQ(answer(request).status, 415);
  for (const auto* type : {"application/json", "Application/JSON; charset=utf-8"}) {
    request.headers.set("Content-Type", type);
    EXPECT_EQ(answer(request).status, 200) << type;
  }
  for (const auto* type : {"text/plain", "application/jsonp", "text/plain, application/json"}) {
    request.headers.set("Content-Type", type);
    EXPECT_EQ(answer(request).status, 415) << type;
  }
}

TEST_F(RouterTest, TakesBytesWhereARouteWantsThem) {
  router.add(
      Method::post, "/api/v1/image", [](Request&) -> Task<Response> { co_return Response(); },
      Access::guarded, Takes::bytes);
  auto request = make(Method::post, "/api/v1/image");
  request.body = "bytes";
  EXPECT_EQ(answer(request).status, 415);
  for (const auto& [type, status] : {std::pair{"application/octet-stream", 200},
                                     {"application/json", 415},
                                     {"text/plain", 415}}) {
    request.headers.set("Content-Type", type);
    EXPECT_EQ(answer(request).status, status) << type;
  }
}

TEST_F(RouterTest, TurnsAnExceptionInto500WithoutItsText) {
  router.add(Method::get, "/broken", [](Request&) -> Task<Response> {
    throw std::runtime_error("password=hunter2");
    co_return Response();
  });
  const auto response = answer(make(Method::get, "/broken"));
  EXPECT_EQ(response.status, 500);
  EXPECT_EQ(response.body.find("hunter2"), std::string::npos);
}

TEST_F(RouterTest, AsksForPatienceWhenAPartIsAway) {
  router.add(Method::get, "/away", [](Request&) -> Task<Response> {
    throw Unavailable("connection to 10.0.0.7 refused");
    co_return Response();
  });
  const auto response = answer(make(Method::get, "/away"));
  EXPECT_EQ(response.status, 503);
  EXPECT_EQ(response.headers.get("retry-after"), "2");
  EXPECT_EQ(response.body.find("10.0.0.7"), std::string::npos);
}

TEST_F(RouterTest, GivesUnknownPagesToTheFallbackButNothingBelowApi) {
  router.set_fallback(says("page"));
  EXPECT_EQ(answer(make(Method::get, "/")).body, "page");
  EXPECT_EQ(answer(make(Method::head, "/devices/7")).body, "page");
  EXPECT_EQ(answer(make(Method::post, "/devices/7")).status, 404);
  EXPECT_EQ(answer(make(Method::get, "/api/v2/x")).status, 404);
  EXPECT_EQ(answer(make(Method::get, "/api")).status, 404);
}

TEST_F(RouterTest, ThrowsWhenARouteIsAddedTwice) {
  EXPECT_THROW(router.add(Method::get, "/api/v1/devices/{other}", says("twice")), std::logic_error);
  EXPECT_THROW(router.add(Method::get, "relative", says("x")), std::logic_error);
}

TEST_F(RouterTest, OpensAWebSocketOnlyToPagesOfThisServer) {
  auto request = make(Method::get, "/ws");
  EXPECT_FALSE(upgrade(request));
  request.headers.set("Origin", "http://croft.example:8080");
  EXPECT_FALSE(upgrade(request));
  for (const auto* origin :
       {"https://croft.example:8080", "http://croft.example", "http://croft.example:80",
        "http://evil.example:8080", "null", "http://croft.example:8080.evil.example", ""}) {
    request.headers.set("Origin", origin);
    ASSERT_TRUE(upgrade(request)) << origin;
    EXPECT_EQ(upgrade(request)->code, Code::forbidden) << origin;
  }
}

TEST_F(RouterTest, LetsNoPageOfAnotherServerAct) {
  auto request = make(Method::del, "/api/v1/devices/7");
  request.headers.set("Origin", "http://evil.example");
  EXPECT_EQ(answer(request).status, 403);
  request.headers.set("Origin", "http://croft.example:8080");
  EXPECT_EQ(answer(request).status, 200);
  request.headers.set("Origin", "https://garden.example");
  EXPECT_EQ(answer(request).status, 403);
  router.set_public_url("https://garden.example/");
  EXPECT_EQ(answer(request).status, 200);
}

TEST_F(RouterTest, KnowsThePortThatASchemeImplies) {
  auto request = make(Method::get, "/ws");
  request.secure = true;
  request.headers.set("Host", "croft.example");
  request.headers.set("Origin", "https://CROFT.example:443");
  EXPECT_FALSE(upgrade(request));
  request.headers.set("Host", "[::1]");
  request.headers.set("Origin", "https://[::1]");
  EXPECT_FALSE(upgrade(request));
  request.headers.set("Origin", "http://[::1]");
  EXPECT_TRUE(upgrade(request));
}

TEST_F(RouterTest, AsksTheGuardBeforeAWebSocket) {
  auto request = make(Method::get, "/ws");
  request.headers.set("Authorization", "");
  EXPECT_EQ(upgrade(request)->code, Code::unauthenticated);
  EXPECT_EQ(upgrade(make(Method::get, "/open"))->code, Code::not_found);
  const auto plain = answer(make(Method::get, "/ws"));
  EXPECT_EQ(plain.status, 426);
  EXPECT_EQ(plain.headers.get("Upgrade"), "websocket");
  const auto stranger = answer(request);
  EXPECT_EQ(stranger.status, 401);
  EXPECT_EQ(stranger.headers.get("Upgrade"), "");
}

TEST_F(RouterTest, CountsByRouteNeverByPath) {
  answer(make(Method::get, "/api/v1/devices/abc"));
  answer(make(Method::get, "/api/v1/devices/def"));
  answer(make(Method::get, "/nothing/at/all"));
  const auto text = metrics.text();
  EXPECT_NE(text.find("croft_http_requests_total{method=\"GET\",route=\"/api/v1/devices/{id}\","
                      "status=\"2xx\"} 2"),
            std::string::npos)
      << text;
  EXPECT_NE(text.find("route=\"(none)\",status=\"4xx\"} 1"), std::string::npos);
  EXPECT_NE(text.find("croft_http_request_seconds_count"), std::string::npos);
  EXPECT_EQ(text.find("abc"), std::string::npos);
}

TEST_F(RouterTest, ListsItsRoutes) {
  const auto routes = router.routes();
  EXPECT_EQ(routes.size(), 9U);
  EXPECT_EQ(routes.front(), std::pair(Method::get, std::string("/api/v1/devices")));
  EXPECT_EQ(routes.back(), std::pair(Method::get, std::string("/ws")));
}

}  // namespace croft::http

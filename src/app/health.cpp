// Health and metrics over HTTP.
// SPDX-License-Identifier: Apache-2.0
#include "app/health.hpp"

#include "base/json.hpp"
#include "http/problem.hpp"

namespace croft::app {
namespace {

bool from_this_machine(const http::Request& request) {
  return request.remote == "local" || request.remote == "::1" ||
         request.remote.starts_with("127.") || request.remote.starts_with("::ffff:127.");
}

http::Response readiness(const std::vector<Check>& checks) {
  bool ready = true;
  JsonWriter parts;
  parts.begin_object();
  for (const auto& check : checks) {
    const auto missing = check.missing();
    parts.member(check.part, missing.empty() ? "ok" : missing);
    ready = ready && missing.empty();
  }
  parts.end_object();
  JsonWriter json;
  json.begin_object();
  json.member("status", ready ? "ready" : "not ready");
  json.key("parts").raw(parts.view());
  json.end_object();
  return http::Response::json(std::move(json).str(), ready ? 200 : 503);
}

}  // namespace

void mount_health(http::Router& router, Metrics& metrics, std::vector<Check> checks,
                  std::shared_ptr<http::Guard> guard) {
  using http::Access;
  using http::Method;
  using http::Request;
  using http::Response;
  router.add(
      Method::get, "/livez",
      [](Request&) -> Task<Response> { co_return Response::json(R"({"status":"alive"})"); },
      Access::open);
  router.add(
      Method::get, "/readyz",
      [checks = std::move(checks)](Request&) -> Task<Response> { co_return readiness(checks); },
      Access::open);
  router.add(
      Method::get, "/metrics",
      [&metrics, guard = std::move(guard)](Request& request) -> Task<Response> {
        if (!from_this_machine(request)) {
          const auto admitted = co_await guard->admit(request);
          if (!admitted) co_return http::problem(admitted.error());
        }
        Response response;
        response.headers.set("Content-Type", "text/plain; version=0.0.4; charset=utf-8");
        response.body = metrics.text();
        co_return response;
      },
      Access::open);
}

}  // namespace croft::app

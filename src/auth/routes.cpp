// HTTP routes of accounts.
// SPDX-License-Identifier: Apache-2.0
#include "auth/parts.hpp"
#include "http/problem.hpp"
#include "security/guard.hpp"

namespace croft::auth {
namespace {

using http::Access;
using http::Method;
using http::Request;
using http::Response;

class AccountRoutes {
 public:
  explicit AccountRoutes(Parts& parts) : parts_(parts) {}

  Task<Response> sign_up(Request& request) {
    JsonFields in(request.body);
    NewAccount account{in.text("username", {.most = 256}), in.text("email", {.most = 1024}),
                       in.text("password", {.most = 4096})};
    if (const auto error = in.error()) co_return http::problem(*error);
    const auto user = co_await parts_.accounts.sign_up(std::move(account), request.remote);
    if (!user) co_return http::problem(user.error());
    co_return answer(*user, 201);
  }

  Task<Response> log_in(Request& request) {
    JsonFields in(request.body);
    auto name = in.text("username", {.most = 1024});
    auto password = in.text("password", {.most = 4096});
    if (const auto error = in.error()) co_return http::problem(*error);
    Origin origin{request.remote, std::string(request.headers.get("user-agent").substr(0, 200))};
    const auto logged_in =
        co_await parts_.accounts.log_in(std::move(name), std::move(password), std::move(origin));
    if (!logged_in) co_return http::problem(logged_in.error());
    JsonWriter json;
    json.begin_object();
    json.member("token", logged_in->token);
    json.member("expires", logged_in->expires);
    json.end_object();
    auto response = Response::json(std::move(json).str());
    const auto lifetime = parts_.config.session_lifetime.count();
    set_cookie(response, request, logged_in->token, lifetime);
    co_return response;
  }

  Task<Response> log_out(Request& request) {
    const auto ended = co_await parts_.accounts.log_out(security::caller(request));
    if (!ended) co_return http::problem(ended.error());
    auto response = Response::no_content();
    set_cookie(response, request, "", 0);
    co_return response;
  }

  Task<Response> me(Request& request) {
    const auto user = co_await parts_.accounts.me(security::caller(request));
    if (!user) co_return http::problem(user.error());
    co_return answer(*user, 200);
  }

  Task<Response> change_me(Request& request) {
    JsonFields in(request.body);
    auto timezone = in.text("timezone", {.least = 1, .most = 64});
    if (const auto error = in.error()) co_return http::problem(*error);
    const auto user =
        co_await parts_.accounts.set_timezone(security::caller(request), std::move(timezone));
    if (!user) co_return http::problem(user.error());
    co_return answer(*user, 200);
  }

  Task<Response> change_password(Request& request) {
    JsonFields in(request.body);
    auto current = in.text("current", {.most = 4096});
    auto password = in.text("password", {.most = 4096});
    if (const auto error = in.error()) co_return http::problem(*error);
    const auto changed = co_await parts_.accounts.change_password(
        security::caller(request), std::move(current), std::move(password), request.remote);
    if (!changed) co_return http::problem(changed.error());
    co_return Response::no_content();
  }

  Task<Response> list_sessions(Request& request) {
    const auto own = security::caller(request).session;
    const auto found = co_await parts_.accounts.list_sessions(security::caller(request));
    if (!found) co_return http::problem(found.error());
    JsonWriter json;
    json.begin_object().key("sessions").begin_array();
    for (const auto& session : *found) {
      json.begin_object().member("id", session.id.str()).member("current", session.id == own);
      json.member("started", session.started).member("expires", session.expires);
      json.member("remote", session.remote).member("userAgent", session.user_agent).end_object();
    }
    json.end_array().end_object();
    co_return Response::json(std::move(json).str());
  }

  Task<Response> end_session(Request& request) {
    const SessionId id(request.param("id"));
    const auto ended = co_await parts_.accounts.end_session(security::caller(request), id);
    if (!ended) co_return http::problem(ended.error());
    co_return Response::no_content();
  }

  Task<Response> end_other_sessions(Request& request) {
    const auto ended = co_await parts_.accounts.end_other_sessions(security::caller(request));
    if (!ended) co_return http::problem(ended.error());
    co_return Response::no_content();
  }

 private:
  static Response answer(const User& user, int status) {
    JsonWriter json;
    write_json(json, user);
    return Response::json(std::move(json).str(), status);
  }

  static void set_cookie(Response& response, const Request& request, std::string_view token,
                         std::int64_t lifetime_seconds) {
    std::string cookie(security::cookie_name(request.secure));
    cookie += '=';
    cookie += token;
    cookie += "; Path=/; HttpOnly; SameSite=Strict; Max-Age=" + std::to_string(lifetime_seconds);
    if (request.secure) cookie += "; Secure";
    response.headers.add("Set-Cookie", std::move(cookie));
  }

  Parts& parts_;
};

}  // namespace

void Parts::mount_accounts(http::Router& router) {
  const auto routes = std::make_shared<AccountRoutes>(*this);
  const auto to = [routes](Task<Response> (AccountRoutes::*member)(Request&)) -> http::Handler {
    return [routes, member](Request& request) { return ((*routes).*member)(request); };
  };
  router.add(Method::post, "/api/v1/auth/signup", to(&AccountRoutes::sign_up), Access::open);
  router.add(Method::post, "/api/v1/auth/login", to(&AccountRoutes::log_in), Access::open);
  router.add(Method::get, "/api/v1/auth/logout", to(&AccountRoutes::log_out));
  router.add(Method::post, "/api/v1/auth/logout", to(&AccountRoutes::log_out));
  router.add(Method::get, "/api/v1/auth/me", to(&AccountRoutes::me));
  router.add(Method::patch, "/api/v1/auth/me", to(&AccountRoutes::change_me));
  router.add(Method::post, "/api/v1/auth/password", to(&AccountRoutes::change_password));
  router.add(Method::get, "/api/v1/auth/sessions", to(&AccountRoutes::list_sessions));
  router.add(Method::del, "/api/v1/auth/sessions", to(&AccountRoutes::end_other_sessions));
  router.add(Method::del, "/api/v1/auth/sessions/{id}", to(&AccountRoutes::end_session));
}

void write_json(JsonWriter& json, const User& user) {
  json.begin_object();
  json.member("id", user.id.str());
  json.member("username", user.username);
  json.member("email", user.email);
  json.member("role", to_string(user.role));
  json.member("timezone", user.timezone);
  json.end_object();
}

}  // namespace croft::auth

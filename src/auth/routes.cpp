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

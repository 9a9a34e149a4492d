// Routes of the administration socket, behind `croft user` and `croft device`. Whoever can open the
// socket owns the state directory, so no password is asked.
// SPDX-License-Identifier: Apache-2.0
#include "auth/parts.hpp"
#include "http/problem.hpp"

namespace croft::auth {
namespace {

using http::Access;
using http::Method;
using http::Request;
using http::Response;

class LocalRoutes {
 public:
  explicit LocalRoutes(Parts& parts) : parts_(parts) {}

  Task<Response> add_user(Request& request) {
    JsonFields in(request.body);
    NewAccount account{in.text("username", {.most = 256}), in.text("email", {.most = 1024}),
                       in.text("password", {.most = 4096})};
    if (const auto error = in.error()) co_return http::problem(*error);
    const auto user = co_await parts_.accounts.add(std::move(account));
    co_return answer(user, 201);
  }

  Task<Response> list_users(Request&) {
    const auto all = co_await parts_.accounts.list();
    JsonWriter json;
    json.begin_object().key("users").begin_array();
    for (const auto& user : all) write_json(json, user);
    json.end_array().end_object();
    co_return Response::json(std::move(json).str());
  }

  Task<Response> reset_password(Request& request) {
    JsonFields in(request.body);
    auto password = in.text("password", {.most = 4096});
    if (const auto error = in.error()) co_return http::problem(*error);
    const auto user = co_await parts_.accounts.reset_password(std::string(request.param("name")),
                                                              std::move(password));
    co_return answer(user, 200);
  }

  Task<Response> remove_user(Request& request) {
    const auto removed = co_await parts_.accounts.remove(std::string(request.param("name")));
    if (!removed) co_return http::problem(removed.error());
    co_return Response::no_content();
  }

  Task<Response> add_device(Request& request) {
    JsonFields in(request.body);
    auto name = in.text("name", {.least = 1, .most = 100});
    if (const auto error = in.error()) co_return http::problem(*error);
    const auto user = co_await parts_.accounts.find(std::string(request.param("name")));
    if (!user) co_return http::problem(user.error());
    const auto made = co_await parts_.registry.add(user->id, std::move(name));
    if (!made) co_return http::problem(made.error());
    co_return Response::json(credentials_json(*made, {}, parts_.config, request), 201);
  }

  Task<Response> list_devices(Request& request) {
    const auto user = co_await parts_.accounts.find(std::string(request.param("name")));
    if (!user) co_return http::problem(user.error());
    std::string after(request.query.get("cursor").value_or(""));
    const auto found = co_await parts_.registry.list(user->id, std::move(after), 1000);
    JsonWriter json;
    json.begin_object().key("devices").begin_array();
    for (const auto& device : found) write_json(json, device, parts_.needs.devices.now(device.id));
    json.end_array().key("next");
    if (found.size() == 1000)
      json.value(found.back().id.str());
    else
      json.null();
    json.end_object();
    co_return Response::json(std::move(json).str());
  }

  Task<Response> rotate_device(Request& request) {
    const auto* device = parts_.needs.directory.find(request.param("id"));
    if (device == nullptr) co_return http::problem(no_such_device());
    const auto rotated = co_await parts_.registry.rotate(device->id, device->owner);
    if (!rotated) co_return http::problem(rotated.error());
    co_return Response::json(credentials_json(*rotated, {}, parts_.config, request));
  }

  Task<Response> remove_device(Request& request) {
    const auto* device = parts_.needs.directory.find(request.param("id"));
    if (device == nullptr) co_return http::problem(no_such_device());
    const auto removed = co_await parts_.registry.remove(device->id, device->owner);
    if (!removed) co_return http::problem(removed.error());
    co_return Response::no_content();
  }

 private:
  static Error no_such_device() { return fail(Code::not_found, "there is no such device"); }
  static Response answer(const Result<User>& user, int status) {
    if (!user) return http::problem(user.error());
    JsonWriter json;
    write_json(json, *user);
    return Response::json(std::move(json).str(), status);
  }

  Parts& parts_;
};

}  // namespace

void Parts::mount_local(http::Router& router) {
  const auto routes = std::make_shared<LocalRoutes>(*this);
  const auto add = [&](Method method, const char* pattern,
                       Task<Response> (LocalRoutes::*member)(Request&)) {
    router.add(
        method, pattern,
        [routes, member](Request& request) { return ((*routes).*member)(request); }, Access::local);
  };
  add(Method::post, "/local/v1/users", &LocalRoutes::add_user);
  add(Method::get, "/local/v1/users", &LocalRoutes::list_users);
  add(Method::post, "/local/v1/users/{name}/password", &LocalRoutes::reset_password);
  add(Method::del, "/local/v1/users/{name}", &LocalRoutes::remove_user);
  add(Method::post, "/local/v1/users/{name}/devices", &LocalRoutes::add_device);
  add(Method::get, "/local/v1/users/{name}/devices", &LocalRoutes::list_devices);
  add(Method::post, "/local/v1/devices/{id}/secret", &LocalRoutes::rotate_device);
  add(Method::del, "/local/v1/devices/{id}", &LocalRoutes::remove_device);
}

}  // namespace croft::auth

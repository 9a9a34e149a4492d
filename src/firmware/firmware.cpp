// The firmware service and its routes.
// SPDX-License-Identifier: Apache-2.0
#include "firmware/firmware.hpp"

#include "base/json.hpp"
#include "firmware/image_store.hpp"
#include "http/problem.hpp"
#include "security/guard.hpp"
#include "tls/provider.hpp"

namespace croft::firmware {
namespace {

using http::Method;
using http::Request;
using http::Response;
using images::Stored;

void write_json(JsonWriter& json, const Stored& image) {
  json.begin_object();
  json.member("id", image.id);
  json.member("board", image.board);
  json.member("version", image.version);
  json.member("size", image.size);
  json.member("sha256", image.sha256);
  json.member("created", image.created);
  json.end_object();
}

Response answer(const Stored& image, int status) {
  JsonWriter json;
  write_json(json, image);
  return Response::json(std::move(json).str(), status);
}

Error no_such_image() { return fail(Code::not_found, "there is no such image"); }

// Checks what came and keeps it. On a worker: hashing a whole image takes milliseconds.
Result<Stored> keep(db::Connection& connection, const std::string& file, Stored image,
                    const std::vector<std::string>& keys) {
  auto opened = open(file, keys);
  if (!opened) {
    auto error = opened.error();
    if (error.code == Code::forbidden) error.code = Code::invalid;  // the file, not who sends it
    return error;
  }
  if (images::count(connection, image.owner) >= images::kMostOfOne)
    return fail(Code::conflict, "there are 50 images already; delete one that is not needed");
  image.board = opened->board;
  image.version = opened->version;
  image.size = static_cast<std::int64_t>(opened->bytes.size());
  image.sha256 = opened->sha256;
  image.signature = opened->signature;
  if (!images::add(connection, image, opened->bytes))
    return fail(Code::conflict,
                "there is an image of version " + image.version + " for " + image.board);
  return image;
}

class Routes {
 public:
  Routes(const Config& config, const Needs& needs) : config_(config), needs_(needs) {}

  Task<Response> add(Request& request) {
    if (config_.keys.empty())
      co_return http::problem(fail(
          Code::conflict, "no key is known that could have signed an image; set firmware.keys"));
    Stored image;
    image.id = new_id();
    image.owner = security::caller(request).user;
    image.created = needs_.clock.now();
    auto work = [file = std::move(request.body), image, keys = config_.keys](
                    db::Connection& connection) { return keep(connection, file, image, keys); };
    const auto kept = co_await needs_.database.write(std::move(work));
    if (!kept) co_return http::problem(kept.error());
    auto response = answer(*kept, 201);
    response.headers.set("Location", "/api/v1/firmware/" + kept->id);
    co_return response;
  }

  Task<Response> list(Request& request) {
    auto look_up = [owner = security::caller(request).user](db::Connection& connection) {
      return images::list(connection, owner);
    };
    const auto found = co_await needs_.database.read(look_up);
    JsonWriter json;
    json.begin_object().key("images").begin_array();
    for (const auto& image : found) write_json(json, image);
    json.end_array().key("next").null();
    json.end_object();
    co_return Response::json(std::move(json).str());
  }

  Task<Response> show(Request& request) {
    auto look_up = [id = std::string(request.param("id")), owner = security::caller(request).user](
                       db::Connection& connection) { return images::find(connection, id, owner); };
    const auto found = co_await needs_.database.read(look_up);
    if (!found) co_return http::problem(no_such_image());
    co_return answer(*found, 200);
  }

  Task<Response> remove(Request& request) {
    auto erase = [id = std::string(request.param("id")), owner = security::caller(request).user](
                     db::Connection& connection) { return images::remove(connection, id, owner); };
    const bool removed = co_await needs_.database.write(erase);
    if (!removed) co_return http::problem(no_such_image());
    co_return Response::no_content();
  }

 private:
  const Config& config_;
  const Needs& needs_;
};

}  // namespace

Service::Service(Config config, Needs needs)
    : config_(std::move(config)), needs_(std::move(needs)) {}

void Service::start() {
  db::migrate(needs_.database, "firmware", images::migrations());
  for (const auto& key : config_.keys) tls::provider().signed_by(key, "", "");
  removed_users_ = needs_.feed.user_removed.subscribe([this](const live::UserRemoved& event) {
    spawn(needs_.loop, "firmware", forget(event.user));
  });
}

Task<void> Service::forget(UserId owner) {
  auto erase = [owner](db::Connection& connection) { images::forget(connection, owner); };
  co_await needs_.database.write(erase);
}

void Service::mount(http::Router& router) {
  const auto routes = std::make_shared<Routes>(config_, needs_);
  const auto to = [routes](Task<Response> (Routes::*member)(Request&)) -> http::Handler {
    return [routes, member](Request& request) { return ((*routes).*member)(request); };
  };
  router.add(Method::post, "/api/v1/firmware", to(&Routes::add), http::Access::guarded,
             http::Takes::bytes);
  router.add(Method::get, "/api/v1/firmware", to(&Routes::list));
  router.add(Method::get, "/api/v1/firmware/{id}", to(&Routes::show));
  router.add(Method::del, "/api/v1/firmware/{id}", to(&Routes::remove));
}

}  // namespace croft::firmware

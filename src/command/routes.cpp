// HTTP routes of commands.
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <charconv>
#include <cmath>
#include <functional>

#include "command/command_store.hpp"
#include "command/parts.hpp"
#include "command/reported.hpp"
#include "http/problem.hpp"
#include "protocol/limits.hpp"
#include "protocol/text.hpp"
#include "security/guard.hpp"

namespace croft::command {
namespace {

using http::Method;
using http::Request;
using http::Response;

constexpr int kDefaultLimit = 100;
constexpr int kMostLimit = 1000;
constexpr std::chrono::days kLongestValidity{7};

Error no_such_device() { return fail(Code::not_found, "there is no such device"); }
Error no_such_command() { return fail(Code::not_found, "there is no such command"); }

std::string lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  return text;
}

void read_for(JsonFields& in, Command& command) {
  const auto seconds = in.optional_number("for");
  if (!seconds) return;
  if (*seconds < 1 || *seconds > protocol::kMaxForSeconds || *seconds != std::floor(*seconds))
    in.wrong("for", "must be whole seconds from 1 to 2678400 (31 days)");
  else
    command.for_seconds = static_cast<std::int64_t>(*seconds);
}

void read_expires(JsonFields& in, Command& command, Instant now, Seconds validity) {
  command.expires = in.optional_instant("expires").value_or(now + validity);
  if (command.expires <= now || command.expires > now + kLongestValidity)
    in.wrong("expires", "must lie in the next 7 days");
}

class Routes {
 public:
  explicit Routes(Parts& parts) : parts_(parts) {}

  Task<Response> add(Request& request, NoteKey note) {
    JsonFields in(request.body);
    Command command;
    command.device = DeviceId(in.text("device", {.least = 1, .most = 64}));
    command.actuator = in.text("actuator", {.least = 1, .most = 64});
    command.action = lower(in.text("action", {.least = 1, .most = 8}));
    if (!command.actuator.empty() && !protocol::is_name(command.actuator))
      in.wrong("actuator", "must be a name such as led: a letter, then letters, digits, _ . -");
    if (!command.action.empty() && command.action != "on" && command.action != "off")
      in.wrong("action", "must be on or off");
    read_for(in, command);
    read_expires(in, command, parts_.needs.clock.now(), parts_.config.validity);
    if (const auto error = in.error()) co_return http::problem(*error);
    const auto& who = security::caller(request);
    const auto* device = parts_.needs.directory.find_owned(command.device, who.user);
    if (device == nullptr) co_return http::problem(no_such_device());
    command.owner = who.user;
    command.by = who.username;
    command.cause = "user";
    const auto made = co_await parts_.dispatcher.add(
        std::move(command), [note](db::Connection& connection, const Command& c) {
          return note(connection, c.id.str());
        });
    if (!made) co_return http::problem(made.error());
    co_return added({*made, false});
  }
  Task<Response> add_again(Request& request, std::string made) {
    const auto command = co_await find(CommandId(made), security::caller(request).user);
    if (!command) co_return http::problem(no_such_command());
    co_return added(*command);
  }

  Task<Response> all(Request& request) {
    auto page = page_of(request);
    if (!page) co_return http::problem(page.error());
    const auto limit = static_cast<std::size_t>(page->limit);
    page->limit += 1;  // one more tells whether there is a next page
    auto look_up = [page = *page](db::Connection& connection) {
      return with_newest(connection, commands::list(connection, page));
    };
    const auto found = co_await parts_.needs.database.read(look_up);
    JsonWriter json;
    json.begin_object().key("commands").begin_array();
    const auto shown = std::min(found.size(), limit);
    for (std::size_t i = 0; i < shown; ++i) write_reported(json, found[i], now_of(found[i]));
    json.end_array().key("next");
    if (found.size() > shown)
      json.value(found[shown - 1].command.id.str());
    else
      json.null();
    json.end_object();
    co_return Response::json(std::move(json).str());
  }

  Task<Response> show(Request& request) {
    const auto command =
        co_await find(CommandId(request.param("id")), security::caller(request).user);
    if (!command) co_return http::problem(no_such_command());
    co_return answer(*command, 200);
  }

 private:
  Task<std::optional<Asked>> find(CommandId id, UserId owner) const {
    auto look_up = [id](db::Connection& connection) {
      std::vector<Command> found;
      if (auto command = commands::find(connection, id)) found.push_back(std::move(*command));
      return with_newest(connection, std::move(found));
    };
    const auto found = co_await parts_.needs.database.read(look_up);
    if (found.empty() || found.front().command.owner != owner) co_return std::nullopt;
    co_return found.front();
  }
  Result<commands::Page> page_of(const Request& request) const {
    commands::Page page;
    page.owner = security::caller(request).user;
    page.limit = kDefaultLimit;
    if (const auto text = request.query.get("limit")) {
      const auto* end = text->data() + text->size();
      const auto [stop, error] = std::from_chars(text->data(), end, page.limit);
      if (error != std::errc() || stop != end || page.limit < 1 || page.limit > kMostLimit)
        return invalid_field("limit", "must be a number from 1 to 1000");
    }
    if (const auto cursor = request.query.get("cursor")) {
      if (!protocol::is_command_id(*cursor))
        return invalid_field("cursor", "must be the \"next\" of an earlier answer");
      page.before = *cursor;
    }
    if (const auto device = request.query.get("device")) {
      page.device = DeviceId(*device);
      if (parts_.needs.directory.find_owned(*page.device, page.owner) == nullptr)
        return no_such_device();
    }
    return page;
  }
  Reported now_of(const Asked& asked) const {
    return {parts_.needs.devices.now(asked.command.device), parts_.needs.clock.now()};
  }
  Response answer(const Asked& asked, int status) const {
    JsonWriter json;
    write_reported(json, asked, now_of(asked));
    return Response::json(std::move(json).str(), status);
  }
  Response added(const Asked& asked) const {
    auto response = answer(asked, 202);
    response.headers.set("Location", "/api/v1/command/" + asked.command.id.str());
    return response;
  }

  Parts& parts_;
};

}  // namespace

void Parts::mount(http::Router& router) {
  const auto routes = std::make_shared<Routes>(*this);
  const auto to = [routes](Task<Response> (Routes::*member)(Request&)) -> http::Handler {
    return [routes, member](Request& request) { return ((*routes).*member)(request); };
  };
  router.add(Method::post, "/api/v1/command/add",
             request_keys.once(std::bind_front(&Routes::add, routes),
                               std::bind_front(&Routes::add_again, routes)));
  router.add(Method::get, "/api/v1/command/all", to(&Routes::all));
  router.add(Method::get, "/api/v1/command/{id}", to(&Routes::show));
}

}  // namespace croft::command

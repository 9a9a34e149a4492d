// HTTP routes of commands.
// SPDX-License-Identifier: Apache-2.0
#include <cmath>
#include <functional>

#include "command/command_store.hpp"
#include "command/parts.hpp"
#include "command/reported.hpp"
#include "command/requests.hpp"
#include "http/problem.hpp"
#include "protocol/limits.hpp"
#include "security/guard.hpp"

namespace croft::command {
namespace {

using http::Method;
using http::Request;
using http::Response;

constexpr std::chrono::days kLongestValidity{7};

Error no_such_command() { return fail(Code::not_found, "there is no such command"); }

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
    const auto wanted = read_switch(in);
    command.device = wanted.device;
    command.actuator = wanted.actuator;
    command.action = wanted.action;
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
    const auto page = read_page(request, parts_.needs.directory);
    if (!page) co_return http::problem(page.error());
    auto look_up = [page = *page](db::Connection& connection) {
      return with_newest(connection, commands::list(connection, page));
    };
    const auto found = co_await parts_.needs.database.read(look_up);
    co_return closed(write_page(
        "commands", found, *page, [](const Asked& asked) { return asked.command.id; },
        [this](JsonWriter& json, const Asked& asked) {
          write_reported(json, asked, now_of(asked));
        }));
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

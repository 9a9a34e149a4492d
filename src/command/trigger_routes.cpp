// HTTP routes of triggers and alerts.
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <functional>

#include "command/alert_mail.hpp"
#include "command/alert_store.hpp"
#include "command/parts.hpp"
#include "command/requests.hpp"
#include "http/problem.hpp"
#include "protocol/limits.hpp"
#include "security/guard.hpp"

namespace croft::command {
namespace {

using http::Method;
using http::Request;
using http::Response;
using rules::Scope;

Error no_such_trigger() { return fail(Code::not_found, "there is no such trigger"); }

Reaction read_reaction(JsonFields& in) {
  Reaction reaction;
  auto wanted = read_switch(in);
  reaction.device = wanted.device;
  reaction.actuator = std::move(wanted.actuator);
  reaction.action = std::move(wanted.action);
  if (const auto time = in.optional_seconds("for", Seconds(1), Seconds(protocol::kMaxForSeconds)))
    reaction.for_seconds = time->count();
  return reaction;
}

void read_command(JsonFields& in, Trigger& trigger) {
  if (in.is_null("command")) trigger.command.reset();
  const auto text = in.object("command");
  if (text.empty()) return;
  JsonFields inner(text);
  trigger.command = read_reaction(inner);
  const auto error = inner.error();
  if (!error) return;
  for (const auto& [field, message] : error->fields) in.wrong("command." + field, message);
}

void read_trigger(JsonFields& in, Scope scope, Trigger& trigger) {
  if (scope == Scope::whole || in.has("device"))
    trigger.device = DeviceId(in.text("device", {.least = 1, .most = 64}));
  rules::read_condition(in, scope, trigger.condition);
  read_command(in, trigger);
  trigger.name = in.optional_text("name", {.least = 0, .most = 100}).value_or(trigger.name);
  trigger.email = in.optional_truth("email").value_or(trigger.email);
  trigger.enabled = in.optional_truth("enabled").value_or(trigger.enabled);
}

void write_state(JsonWriter& json, const Trigger& trigger) {
  const auto& state = trigger.state;
  json.key("state").begin_object();
  json.member("phase", rules::to_string(state.phase));
  json.member("since", state.since);
  json.member("fired", state.fired);
  json.member("time", state.last_time);
  json.member("value", state.last_value);
  json.end_object();
}

void write_trigger(JsonWriter& json, const Trigger& trigger) {
  json.begin_object();
  json.member("id", trigger.id.str());
  json.member("name", name_of(trigger));
  json.member("device", trigger.device.str());
  rules::write_condition(json, trigger.condition);
  json.key("command");
  if (const auto& command = trigger.command) {
    json.begin_object();
    json.member("device", command->device.str());
    json.member("actuator", command->actuator);
    json.member("action", command->action);
    json.member("for", command->for_seconds);
    json.end_object();
  } else {
    json.null();
  }
  json.member("email", trigger.email);
  json.member("enabled", trigger.enabled);
  json.member("created", trigger.created);
  write_state(json, trigger);
  json.end_object();
}

Response answer(const Trigger& trigger, int status) {
  JsonWriter json;
  write_trigger(json, trigger);
  return Response::json(std::move(json).str(), status);
}

Response added(const Trigger& trigger) {
  auto response = answer(trigger, 201);
  response.headers.set("Location", "/api/v1/command/trigger/" + trigger.id.str());
  return response;
}

class Routes {
 public:
  explicit Routes(Parts& parts) : parts_(parts) {}

  Task<Response> add(Request& request, NoteKey note) {
    JsonFields in(request.body);
    Trigger trigger;
    read_trigger(in, Scope::whole, trigger);
    if (const auto error = in.error()) co_return http::problem(*error);
    const auto& who = security::caller(request);
    trigger.owner = who.user;
    trigger.by = who.username;
    if (!owns_all(trigger)) co_return http::problem(no_such_device());
    const auto made = co_await parts_.watch.add(std::move(trigger), std::move(note));
    if (!made) co_return http::problem(made.error());
    co_return added(*made);
  }
  Task<Response> add_again(Request& request, std::string made) {
    const auto* trigger = parts_.watch.find(TriggerId(made), security::caller(request).user);
    if (trigger == nullptr) co_return http::problem(no_such_trigger());
    co_return added(*trigger);
  }

  Task<Response> all(Request& request) {
    const auto page = read_page(request, parts_.needs.directory);
    if (!page) co_return http::problem(page.error());
    const auto found = parts_.watch.list(page->owner, page->device);
    const auto first = std::ranges::upper_bound(found, TriggerId(page->cursor), {}, &Trigger::id);
    auto json = write_page("triggers", std::span<const Trigger>(first, found.end()), *page,
                           std::mem_fn(&Trigger::id), write_trigger);
    json.member("emailAvailable", parts_.config.mail_server);
    co_return closed(std::move(json));
  }

  Task<Response> show(Request& request) {
    const auto* trigger = find(request);
    if (trigger == nullptr) co_return http::problem(no_such_trigger());
    co_return answer(*trigger, 200);
  }

  Task<Response> change(Request& request) {
    const auto* found = find(request);
    if (found == nullptr) co_return http::problem(no_such_trigger());
    Trigger wanted = *found;
    JsonFields in(request.body);
    read_trigger(in, Scope::changes, wanted);
    if (const auto error = in.error()) co_return http::problem(*error);
    if (!owns_all(wanted)) co_return http::problem(no_such_device());
    const auto changed = co_await parts_.watch.change(std::move(wanted));
    if (!changed) co_return http::problem(changed.error());
    co_return answer(*changed, 200);
  }

  Task<Response> remove(Request& request) {
    const auto* trigger = find(request);
    if (trigger == nullptr) co_return http::problem(no_such_trigger());
    co_await parts_.watch.remove(trigger->id);
    co_return Response::no_content();
  }

  Task<Response> alerts(Request& request) {
    const auto page = read_page(request, parts_.needs.directory);
    if (!page) co_return http::problem(page.error());
    auto look_up = [page = *page](db::Connection& connection) {
      return alerts::list(connection, page);
    };
    const auto found = co_await parts_.needs.database.read(look_up);
    co_return closed(
        write_page("alerts", found, *page, std::mem_fn(&Alert::id),
                   [](JsonWriter& json, const Alert& alert) { write_json(json, alert); }));
  }

 private:
  const Trigger* find(const Request& request) const {
    return parts_.watch.find(TriggerId(request.param("id")), security::caller(request).user);
  }
  bool owns(const DeviceId& device, const UserId& user) const {
    return parts_.needs.directory.find_owned(device, user) != nullptr;
  }
  bool owns_all(const Trigger& trigger) const {
    return owns(trigger.device, trigger.owner) &&
           (!trigger.command || owns(trigger.command->device, trigger.owner));
  }

  Parts& parts_;
};

}  // namespace

void Parts::mount_triggers(http::Router& router) {
  const auto routes = std::make_shared<Routes>(*this);
  const auto to = [routes](Task<Response> (Routes::*member)(Request&)) -> http::Handler {
    return [routes, member](Request& request) { return ((*routes).*member)(request); };
  };
  constexpr const char* kAll = "/api/v1/command/trigger";
  constexpr const char* kOne = "/api/v1/command/trigger/{id}";
  router.add(Method::post, kAll,
             request_keys.once(std::bind_front(&Routes::add, routes),
                               std::bind_front(&Routes::add_again, routes)));
  router.add(Method::get, kAll, to(&Routes::all));
  router.add(Method::get, kOne, to(&Routes::show));
  router.add(Method::patch, kOne, to(&Routes::change));
  router.add(Method::del, kOne, to(&Routes::remove));
  router.add(Method::get, "/api/v1/command/alerts", to(&Routes::alerts));
}

}  // namespace croft::command

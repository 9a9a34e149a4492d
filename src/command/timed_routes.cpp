// HTTP routes of timed commands.
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <cmath>
#include <functional>

#include "command/duration.hpp"
#include "command/parts.hpp"
#include "command/requests.hpp"
#include "command/timed_store.hpp"
#include "http/problem.hpp"
#include "protocol/limits.hpp"
#include "security/guard.hpp"

namespace croft::command {
namespace {

using http::Method;
using http::Request;
using http::Response;

constexpr Seconds kLatestPast{60};  // an `at` of a moment ago, by a clock that differs
constexpr std::chrono::days kFarthest{5 * 366};
constexpr std::string_view kForHint =
    "must be whole seconds from 1 to 2678400 (31 days), or an ISO 8601 duration such as PT10M";
constexpr std::string_view kDaysHint = "must be \"daily\" or a list of mon tue wed thu fri sat sun";

Error no_such_timed() { return fail(Code::not_found, "there is no such timed command"); }

std::string lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  return text;
}

// A member that may be a text or something else: the text, when it is one.
std::optional<std::string> text_of(std::string_view body, std::string_view name) {
  JsonFields in(body);
  auto text = in.optional_text(name, {.least = 0, .most = 64});
  if (in.error()) return std::nullopt;
  return text;
}

void read_for(JsonFields& in, std::string_view body, Timed& timed) {
  std::optional<double> seconds;
  if (!in.has("for")) {
    in.wrong("for", "is required");
    return;
  }
  if (const auto text = text_of(body, "for")) {
    if (const auto duration = parse_iso_duration(*text))
      seconds = static_cast<double>(duration->count());
  } else {
    seconds = in.optional_number("for");
    if (!seconds) return;  // told already
  }
  if (!seconds || *seconds < 1 || *seconds > protocol::kMaxForSeconds ||
      *seconds != std::floor(*seconds))
    in.wrong("for", kForHint);
  else
    timed.for_seconds = static_cast<std::int64_t>(*seconds);
}

void read_days(JsonFields& repeat, std::string_view body, Schedule& schedule, JsonFields& in) {
  if (const auto word = text_of(body, "days")) {
    if (lower(*word) != "daily") in.wrong("repeat.days", kDaysHint);
    return;
  }
  schedule.days = 0;
  const auto names = repeat.texts("days", 7);
  for (const auto& name : names)
    if (const auto day = weekday_number(lower(name)))
      schedule.days |= 1U << *day;
    else
      in.wrong("repeat.days", kDaysHint);
  if (names.empty()) in.wrong("repeat.days", kDaysHint);
}

void read_repeat(JsonFields& in, Timed& timed, const std::string& users_zone) {
  const auto body = in.object("repeat");
  if (body.empty()) return;
  JsonFields repeat(body);
  Schedule schedule;
  read_days(repeat, body, schedule, in);
  const auto minute = minute_of_day(repeat.optional_text("time", {}).value_or(""));
  if (!minute) in.wrong("repeat.time", "must be a local time from 00:00 to 23:59");
  schedule.minute = minute.value_or(0);
  const auto zone = repeat.optional_text("tz", {});
  schedule.zone = repeat.has("tz") ? zone.value_or("") : users_zone;
  if (!is_zone(schedule.zone))
    in.wrong("repeat.tz", "must be an IANA time zone such as Europe/Paris");
  timed.repeat = std::move(schedule);
}

void read_start(JsonFields& in, Timed& timed, Instant now, const std::string& users_zone) {
  timed.at = in.optional_instant("at");
  if (timed.at && (*timed.at < now - kLatestPast || *timed.at > now + kFarthest))
    in.wrong("at", "must lie in the next five years");
  read_repeat(in, timed, users_zone);
  if (timed.repeat && in.has("at")) in.wrong("at", "must not be given together with repeat");
}

class Routes {
 public:
  explicit Routes(Parts& parts) : parts_(parts) {}

  Task<Response> add(Request& request, NoteKey note) {
    JsonFields in(request.body);
    const auto& who = security::caller(request);
    const auto* user = parts_.needs.users.find(who.user);
    Timed timed;
    const auto wanted = read_switch(in);
    timed.device = wanted.device;
    timed.actuator = wanted.actuator;
    timed.action = wanted.action;
    read_for(in, request.body, timed);
    read_start(in, timed, parts_.needs.clock.now(), user == nullptr ? "UTC" : user->timezone);
    if (const auto error = in.error()) co_return http::problem(*error);
    if (parts_.needs.directory.find_owned(timed.device, who.user) == nullptr)
      co_return http::problem(no_such_device());
    timed.owner = who.user;
    timed.by = who.username;
    const auto made = co_await parts_.timed.add(std::move(timed), std::move(note));
    if (!made) co_return http::problem(made.error());
    co_return added(*made);
  }
  Task<Response> add_again(Request& request, std::string made) {
    const auto timed = co_await find(TimedId(made), security::caller(request).user);
    if (!timed) co_return http::problem(no_such_timed());
    co_return added(*timed);
  }

  Task<Response> all(Request& request) {
    const auto page = read_page(request, parts_.needs.directory);
    if (!page) co_return http::problem(page.error());
    auto look_up = [page = *page](db::Connection& connection) {
      return timed::list(connection, page);
    };
    const auto found = co_await parts_.needs.database.read(look_up);
    co_return closed(
        write_page("timed", found, *page, std::mem_fn(&Timed::id),
                   [](JsonWriter& json, const Timed& timed) { write_json(json, timed); }));
  }

  Task<Response> show(Request& request) {
    const auto timed = co_await find(TimedId(request.param("id")), security::caller(request).user);
    if (!timed) co_return http::problem(no_such_timed());
    co_return answer(*timed, 200);
  }

  Task<Response> change(Request& request) {
    JsonFields in(request.body);
    const auto enabled = in.optional_truth("enabled");
    if (!in.has("enabled")) in.wrong("enabled", "is required");
    if (const auto error = in.error()) co_return http::problem(*error);
    const auto changed = co_await parts_.timed.enable(
        TimedId(request.param("id")), security::caller(request).user, enabled.value_or(true));
    if (!changed) co_return http::problem(changed.error());
    co_return answer(*changed, 200);
  }

  Task<Response> cancel(Request& request) {
    const auto& who = security::caller(request);
    const auto cancelled =
        co_await parts_.timed.cancel(TimedId(request.param("id")), who.user, who.username);
    if (!cancelled) co_return http::problem(cancelled.error());
    co_return Response::no_content();
  }

 private:
  Task<std::optional<Timed>> find(TimedId id, UserId owner) const {
    auto look_up = [id](db::Connection& connection) { return timed::find(connection, id); };
    auto timed = co_await parts_.needs.database.read(look_up);
    if (timed && timed->owner != owner) timed.reset();
    co_return timed;
  }
  static Response answer(const Timed& timed, int status) {
    JsonWriter json;
    write_json(json, timed);
    return Response::json(std::move(json).str(), status);
  }
  static Response added(const Timed& timed) {
    auto response = answer(timed, 201);
    response.headers.set("Location", "/api/v1/command/timed/" + timed.id.str());
    return response;
  }

  Parts& parts_;
};

}  // namespace

void Parts::mount_timed(http::Router& router) {
  const auto routes = std::make_shared<Routes>(*this);
  const auto to = [routes](Task<Response> (Routes::*member)(Request&)) -> http::Handler {
    return [routes, member](Request& request) { return ((*routes).*member)(request); };
  };
  router.add(Method::post, "/api/v1/command/timed",
             request_keys.once(std::bind_front(&Routes::add, routes),
                               std::bind_front(&Routes::add_again, routes)));
  router.add(Method::get, "/api/v1/command/timed", to(&Routes::all));
  router.add(Method::get, "/api/v1/command/timed/{id}", to(&Routes::show));
  router.add(Method::patch, "/api/v1/command/timed/{id}", to(&Routes::change));
  router.add(Method::del, "/api/v1/command/timed/{id}", to(&Routes::cancel));
}

}  // namespace croft::command

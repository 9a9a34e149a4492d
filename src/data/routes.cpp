// The route table of the data service, and a short handler for each line of it.
// SPDX-License-Identifier: Apache-2.0
#include "data/routes.hpp"

#include <cmath>

#include "base/json.hpp"
#include "data/cursor.hpp"
#include "data/export.hpp"
#include "data/preview.hpp"
#include "data/refused_store.hpp"
#include "data/series.hpp"
#include "http/problem.hpp"
#include "protocol/text.hpp"
#include "security/guard.hpp"

namespace croft::data {

void Routes::mount(http::Router& router) {
  using http::Method;
  const auto get = [&](const char* path, Task<http::Response> (Routes::*handler)(http::Request&)) {
    router.add(Method::get, path,
               [this, handler](http::Request& request) { return (this->*handler)(request); });
  };
  get("/api/v1/data/all", &Routes::all);
  get("/api/v1/data/last", &Routes::last);
  get("/api/v1/data/byDate", &Routes::by_date);
  get("/api/v1/data/series", &Routes::series);
  get("/api/v1/data/refused", &Routes::refused);
  // Where the history is, though triggers are kept elsewhere: docs/decisions/0006.
  router.add(Method::post, "/api/v1/command/trigger/preview",
             [this](http::Request& request) { return preview(request); });
}

namespace {

constexpr std::size_t kMostRows = 1000;

struct Page {
  std::string json;
  std::optional<Position> next;
};

// {"readings":[...] without its end, and where the next page begins. On a worker.
Page read_page(db::Connection& connection, Names& names, Scan& scan, std::size_t limit) {
  ReadingStore store(connection);
  NameLookup lookup(names, store);
  JsonWriter json;
  json.begin_object().key("readings").begin_array();
  std::optional<Position> last;
  std::optional<Scan::Found> found = scan.next(store, lookup);
  for (std::size_t count = 0; found && count < limit; ++count) {
    write_json(json, found->reading);
    last = found->at;
    found = scan.next(store, lookup);
  }
  json.end_array();
  return {std::move(json).str(), found ? last : std::nullopt};
}

std::optional<Position> read_cursor_of(Parameters& parameters) {
  const auto text = parameters.text("cursor");
  if (!text) return std::nullopt;
  const auto position = read_cursor(*text);
  if (!position) parameters.wrong("cursor", "must be the `next` of an earlier answer");
  return position;
}

}  // namespace

Task<http::Response> Routes::all(http::Request& request) {
  Parameters parameters(request.query);
  co_return co_await list(request, parameters, TimeRange());
}

Task<http::Response> Routes::by_date(http::Request& request) {
  Parameters parameters(request.query);
  const TimeRange range = read_range(parameters);
  co_return co_await list(request, parameters, range);
}

// Oldest first: a page as JSON, or everything as a file.
Task<http::Response> Routes::list(http::Request& request, Parameters& parameters, TimeRange range) {
  const auto limit = parameters.number("limit", 100, 1, kMostRows);
  const auto cursor = read_cursor_of(parameters);
  if (const auto error = parameters.error()) co_return http::problem(*error);
  const auto selected = devices(request, parameters);
  if (!selected) co_return http::problem(selected.error());
  const auto format = negotiate(request.headers.get("accept"));
  if (format != Format::json) {
    Scan scan(*selected, range, Order::oldest_first, std::nullopt, kMostRows);
    auto response =
        export_readings(needs_.db, needs_.names, std::move(scan), format, ownership(request));
    response.headers.set("Vary", "Accept");
    co_return response;
  }
  Scan scan(*selected, range, Order::oldest_first, cursor, limit + 1);
  Page page = co_await needs_.db.read(
      [&](db::Connection& connection) { return read_page(connection, needs_.names, scan, limit); });
  page.json += ",\"next\":" + (page.next ? '"' + write_cursor(*page.next) + '"' : "null") + '}';
  auto response = http::Response::json(std::move(page.json));
  response.headers.set("Vary", "Accept");
  co_return response;
}

Task<http::Response> Routes::last(http::Request& request) {
  Parameters parameters(request.query);
  const auto count = parameters.number("n", 10, 1, kMostRows);
  if (const auto error = parameters.error()) co_return http::problem(*error);
  const auto selected = devices(request, parameters);
  if (!selected) co_return http::problem(selected.error());
  Scan scan(*selected, TimeRange(), Order::newest_first, std::nullopt, count);
  Page page = co_await needs_.db.read(
      [&](db::Connection& connection) { return read_page(connection, needs_.names, scan, count); });
  page.json += '}';
  co_return http::Response::json(std::move(page.json));
}

Task<http::Response> Routes::series(http::Request& request) {
  Parameters parameters(request.query);
  parameters.required("device");
  const auto measurement = parameters.required("measurement");
  if (!measurement.empty() && !protocol::is_name(measurement))
    parameters.wrong("measurement", "must be the name of a measurement such as temperature");
  const auto points = parameters.number("points", 500, 1, 5000);
  const TimeRange range = read_recent_range(parameters, needs_.clock.now());
  if (const auto error = parameters.error()) co_return http::problem(*error);
  const auto selected = devices(request, parameters);
  if (!selected) co_return http::problem(selected.error());
  std::string device = selected->front().str();
  std::string name(measurement);
  const SeriesBuilder series =
      co_await read_series(needs_.db, std::move(device), std::move(name), range, points);
  co_return http::Response::json(write_series(series, range));
}

Task<http::Response> Routes::refused(http::Request& request) {
  Parameters parameters(request.query);
  const auto limit = parameters.number("limit", 100, 1, kMostRows);
  if (const auto error = parameters.error()) co_return http::problem(*error);
  const auto selected = devices(request, parameters);
  if (!selected) co_return http::problem(selected.error());
  std::vector<std::string> ids;
  for (const auto& device : *selected) ids.push_back(device.str());
  std::string json = co_await needs_.db.read(
      [&](db::Connection& connection) { return list_refused(connection, ids, limit); });
  co_return http::Response::json(std::move(json));
}

// The body of a new trigger, of which only the device and the condition matter here, and "days".
Task<http::Response> Routes::preview(http::Request& request) {
  JsonFields in(request.body);
  const DeviceId device(in.text("device", {.least = 1, .most = 64}));
  rules::Condition condition;
  rules::read_condition(in, rules::Scope::whole, condition);
  const auto days = in.optional_number("days").value_or(7);
  if (days < 1 || days > 90 || days != std::floor(days))
    in.wrong("days", "must be a whole number from 1 to 90");
  if (const auto error = in.error()) co_return http::problem(*error);
  if (needs_.directory.find_owned(device, security::caller(request).user) == nullptr)
    co_return http::problem(fail(Code::not_found, "there is no such device"));
  const auto now = needs_.clock.now();
  const TimeRange range{now - std::chrono::days(static_cast<int>(days)), now};
  const auto preview = co_await read_preview(needs_.db, needs_.names, device, condition, range);
  co_return http::Response::json(write_preview(preview, range.from));
}

// The caller's devices, or the one that is asked for.
Result<std::vector<DeviceId>> Routes::devices(const http::Request& request,
                                              const Parameters& parameters) const {
  const auto& user = security::caller(request).user;
  const auto wanted = parameters.text("device");
  if (!wanted) return needs_.directory.owned_by(user);
  const DeviceId device(*wanted);
  if (needs_.directory.find_owned(device, user) == nullptr)
    return fail(Code::not_found, "there is no such device");
  return std::vector<DeviceId>{device};
}

std::function<bool(const DeviceId&)> Routes::ownership(const http::Request& request) const {
  return [&directory = needs_.directory, user = security::caller(request).user](
             const DeviceId& device) { return directory.find_owned(device, user) != nullptr; };
}

}  // namespace croft::data

// What happens to a request between its arrival and its handler.
// SPDX-License-Identifier: Apache-2.0
#include "http/router.hpp"

#include <boost/asio/this_coro.hpp>
#include <exception>
#include <stdexcept>

#include "base/log.hpp"
#include "http/problem.hpp"
#include "http/router_tables.hpp"

namespace croft::http {
namespace {

bool is_local(const Request& request) { return request.remote == "local"; }

bool is_api(std::string_view path) { return path == "/api" || path.substr(0, 5) == "/api/"; }

void fill_params(Request& request, const std::vector<std::string>& names,
                 const std::vector<std::string_view>& values) {
  for (std::size_t i = 0; i < names.size(); ++i) request.params[names[i]] = values[i];
}

bool acts(Method method) {
  return method != Method::get && method != Method::head && method != Method::options;
}

bool carries_other_than(std::string_view wanted, const Request& request) {
  const bool may_carry = request.method == Method::post || request.method == Method::put ||
                         request.method == Method::patch;
  if (!may_carry || request.body.empty()) return false;
  auto type = request.headers.get("Content-Type");
  type = type.substr(0, type.find(';'));
  return !equal_ignoring_case(take_element(type), wanted);
}

// Why the rules that hold for every route refuse this request.
std::optional<Response> refused_by_rules(const Request& request, std::string_view public_origin,
                                         Takes takes) {
  if (request.query.repeated)
    return problem(invalid_field(*request.query.repeated, "is given more than once"));
  // A page of another site can make a browser send, but not hide where it came from.
  if (acts(request.method) && request.headers.has("Origin") && !same_origin(request, public_origin))
    return problem(403, "Requests that act must come from Croft's own pages.");
  if (takes == Takes::bytes && carries_other_than("application/octet-stream", request))
    return problem(415, "The body must be sent as Content-Type: application/octet-stream.");
  if (takes == Takes::json && carries_other_than("application/json", request))
    return problem(415, "The body must be JSON, sent as Content-Type: application/json.");
  return std::nullopt;
}

constexpr int kHealsIn = 2;  // seconds; a guess

Error starting() {
  auto error = fail(Code::unavailable, "Croft is starting; try again in a moment.");
  error.retry_after_seconds = kHealsIn;
  return error;
}

struct Failure {
  std::string why;
  bool may_heal = false;  // it is not our own mistake: a part that we stand on is away
};

Failure look_at(const std::exception_ptr& failure) {
  try {
    std::rethrow_exception(failure);
  } catch (const Unavailable& error) {
    return {error.what(), true};
  } catch (const std::exception& error) {
    return {error.what()};
  } catch (...) {
    return {"an unknown exception"};
  }
}

}  // namespace

Router::Router(Metrics& metrics) : tables_(std::make_unique<Tables>(metrics)) {}
Router::~Router() = default;

void Router::add(Method method, std::string pattern, Handler handler, Access access, Takes takes) {
  auto [node, names] = tables_->place(pattern);
  auto& route = node->by_method[static_cast<std::size_t>(method)];
  if (route)
    throw std::logic_error("two routes for " + std::string(to_string(method)) + " " + pattern);
  route = std::make_unique<Route>(Route{access, std::move(names), std::move(handler),
                                        RouteMetrics(tables_->metrics, method, pattern), takes});
  tables_->listed.emplace_back(method, std::move(pattern));
}

void Router::add_websocket(std::string pattern, WebSocketHandler handler) {
  auto [node, names] = tables_->place(pattern);
  if (node->socket) throw std::logic_error("two WebSocket routes for " + pattern);
  node->socket = std::make_unique<SocketRoute>(SocketRoute{
      std::move(names), std::move(handler), RouteMetrics(tables_->metrics, Method::get, pattern)});
  tables_->listed.emplace_back(Method::get, std::move(pattern));
}

void Router::set_fallback(Handler handler) { tables_->fallback = std::move(handler); }

void Router::set_public_url(std::string_view url) {
  const auto host = url.find("://");
  tables_->public_origin =
      host == std::string_view::npos ? "" : url.substr(0, url.find('/', host + 3));
}

void Router::set_guard(std::shared_ptr<Guard> guard) { tables_->guard = std::move(guard); }
void Router::set_whole(bool whole) { tables_->whole = whole; }
bool Router::whole() const { return tables_->whole; }

std::vector<std::pair<Method, std::string>> Router::routes() const { return tables_->listed; }

Task<Response> Router::answer(Request& request) {
  const auto started = std::chrono::steady_clock::now();
  auto& tables = *tables_;
  const auto match = tables.match(request.path);
  Route* const route = match.node ? match.node->route(request.method, is_local(request)) : nullptr;
  const bool reads = request.method == Method::get || request.method == Method::head;
  const bool by_fallback = !match.node && tables.fallback && reads && !is_api(request.path);

  Response response;
  std::exception_ptr failure;
  try {
    if (route) {
      fill_params(request, route->names, match.values);
      response = co_await tables.serve(*route, request);
    } else if (by_fallback) {
      response = co_await tables.fallback(request);
    } else if (match.node && match.node->socket && request.method == Method::get) {
      response = co_await tables.without_upgrade(*match.node, request);
    } else {
      response = tables.without_route(match.node, request);
    }
  } catch (...) {
    failure = std::current_exception();
  }
  if (failure) {
    const auto state = co_await asio::this_coro::cancellation_state;
    const bool ended = state.cancelled() != asio::cancellation_type::none;
    response = tables.failed(failure, request, ended);
  }
  auto& metrics =
      route ? route->metrics : tables.other(request.method, by_fallback ? "(static)" : "(none)");
  metrics.count(response.status, std::chrono::steady_clock::now() - started);
  co_return response;
}

Task<Result<>> Router::Tables::admit(Request& request) {
  if (!guard) co_return fail(Code::unauthenticated, "No guard is set, so nobody may ask.");
  const auto keeper = guard;  // alive even if replaced meanwhile
  auto admitted = co_await keeper->admit(request);
  co_return admitted;
}

Task<Response> Router::Tables::serve(Route& route, Request& request) {
  if (route.access == Access::guarded) {
    const auto admitted = co_await admit(request);
    if (!admitted) co_return problem(admitted.error());
  }
  auto refused = refused_by_rules(request, public_origin, route.takes);
  if (refused) co_return std::move(*refused);
  co_return co_await route.handler(request);
}

// An exception is not for the client: it hears that we failed, the log hears why.
Response Router::Tables::failed(const std::exception_ptr& failure, const Request& request,
                                bool ended) {
  const auto [why, may_heal] = look_at(failure);
  if (ended) {
    log::debug("http", "a request ended with its connection", {{"path", request.path}});
  } else {
    failures.write(log::Level::error, "http",
                   "a request failed; look whether the parts that the error names are running",
                   {{"method", to_string(request.method)}, {"path", request.path}, {"error", why}});
  }
  if (may_heal) {
    auto error = fail(Code::unavailable, "A part that Croft stands on is away; try again later.");
    error.retry_after_seconds = kHealsIn;
    return problem(error);
  }
  return problem(500, "Something went wrong on our side. The log of the server has the details.");
}

// A plain GET of a WebSocket's path: who may not open it hears no more than that.
Task<Response> Router::Tables::without_upgrade(const Node& node, Request& request) {
  const auto admitted = co_await admit(request);
  if (!admitted) co_return problem(admitted.error());
  auto response = problem(426, "This path speaks WebSocket; ask with an upgrade.");
  response.headers.add("Upgrade", "websocket");
  response.headers.add("Allow", node.allowed(is_local(request)));
  co_return response;
}

Response Router::Tables::without_route(const Node* node, const Request& request) {
  const auto allowed = node ? node->allowed(is_local(request)) : std::string();
  if (allowed.empty() && !whole) return problem(starting());
  if (allowed.empty()) return problem(404, "There is nothing at this path.");
  Response response;
  if (request.method == Method::options) {
    response = Response::no_content();
  } else {
    response = problem(405, "This path does not know the method.");
  }
  response.headers.add("Allow", allowed);
  return response;
}

Task<Result<WebSocketHandler>> Router::upgrade(Request& request) {
  auto& tables = *tables_;
  const auto match = tables.match(request.path);
  if (!match.node || !match.node->socket) {
    if (!tables.whole) co_return starting();
    co_return fail(Code::not_found, "There is no WebSocket at this path.");
  }
  auto& route = *match.node->socket;
  fill_params(request, route.names, match.values);

  Result<> admitted = Result<>();
  std::exception_ptr failure;
  try {
    if (request.headers.has("Origin") && !same_origin(request, tables.public_origin)) {
      admitted = fail(Code::forbidden, "A page of another site may not open this WebSocket.");
    } else {
      admitted = co_await tables.admit(request);
    }
  } catch (...) {
    failure = std::current_exception();
  }
  if (failure) {
    tables.failed(failure, request, false);
    admitted = fail(Code::unavailable, "Something went wrong on our side; try again later.");
  }
  if (admitted && request.query.repeated)
    admitted = invalid_field(*request.query.repeated, "is given more than once");
  route.metrics.count(admitted ? 101 : status_of(admitted.error().code));
  if (!admitted) co_return admitted.error();
  co_return route.handler;
}

}  // namespace croft::http

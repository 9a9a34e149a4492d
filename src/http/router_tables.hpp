// The routes as a tree of path segments, with the metrics of each; private to the router.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/log.hpp"
#include "http/router.hpp"

namespace croft::http {

inline constexpr std::size_t kMethodCount = 7;

// Counts answers and their time under one method and pattern. Looking a metric up by its labels is
// dear, so each is looked up once.
class RouteMetrics {
 public:
  RouteMetrics(Metrics& metrics, Method method, std::string pattern)
      : metrics_(metrics), method_(method), pattern_(std::move(pattern)) {}
  void count(int status, std::chrono::steady_clock::duration took);
  void count(int status);

 private:
  Metrics& metrics_;
  Method method_;
  std::string pattern_;
  std::optional<Histogram> seconds_;
  std::array<std::optional<Counter>, 6> by_class_;
};

struct Route {
  Access access;
  std::vector<std::string> names;  // of the segments in braces, in order
  Handler handler;
  RouteMetrics metrics;
  Takes takes = Takes::json;
};

struct SocketRoute {
  std::vector<std::string> names;
  WebSocketHandler handler;
  RouteMetrics metrics;
};

// One segment of the tree.
struct Node {
  std::map<std::string, std::unique_ptr<Node>, std::less<>> literals;
  std::unique_ptr<Node> any;  // a segment in braces
  std::array<std::unique_ptr<Route>, kMethodCount> by_method;
  std::unique_ptr<SocketRoute> socket;

  bool in_use() const;
  // The route for this method (HEAD by way of GET) if this client may know of it.
  Route* route(Method, bool local) const;
  // "GET, HEAD, OPTIONS"; empty when this client may know of none.
  std::string allowed(bool local) const;
};

struct Match {
  Node* node = nullptr;
  std::vector<std::string_view> values;  // of the segments in braces; views of the request's path
};

struct Router::Tables {
  explicit Tables(Metrics& m) : metrics(m) {}

  // The node for a pattern, made when missing, and the names in braces.
  std::pair<Node*, std::vector<std::string>> place(const std::string& pattern);
  Match match(std::string_view path);
  // The metrics of answers that belong to no route.
  RouteMetrics& other(Method, std::string_view pattern);

  Task<Response> serve(Route&, Request&);
  Task<Result<>> admit(Request&);
  Task<Response> without_upgrade(const Node&, Request&);
  Response without_route(const Node*, const Request&);
  Response failed(const std::exception_ptr& failure, const Request&, bool ended);

  Metrics& metrics;
  Node root;
  Handler fallback;
  std::string public_origin;  // "https://croft.example", or ""
  std::shared_ptr<Guard> guard;
  bool whole = true;
  log::Throttle failures{0.2};  // a broken part fails every request; five lines a second are enough
  std::vector<std::pair<Method, std::string>> listed;
  std::map<std::pair<Method, std::string>, RouteMetrics, std::less<>> others;
};

// Whether the page that sent this request came from this very server, as its Host says or under its
// public origin, which a proxy may hide from us.
bool same_origin(const Request&, std::string_view public_origin);

}  // namespace croft::http

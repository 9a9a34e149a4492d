// Builds and searches the tree of routes.
// SPDX-License-Identifier: Apache-2.0
#include "http/router_tables.hpp"

#include <algorithm>
#include <stdexcept>

namespace croft::http {
namespace {

std::string_view take_segment(std::string_view& path) {  // of "/a/b": "a", leaving "/b"
  path.remove_prefix(1);
  const auto segment = path.substr(0, path.find('/'));
  path.remove_prefix(segment.size());
  return segment;
}

// Depth first, a literal before a brace; values holds what the braces on the way matched.
Node* search(Node& node, std::string_view path, std::vector<std::string_view>& values) {
  if (path.empty()) return node.in_use() ? &node : nullptr;
  const auto segment = take_segment(path);
  if (const auto next = node.literals.find(segment); next != node.literals.end())
    if (auto* found = search(*next->second, path, values)) return found;
  if (!node.any || segment.empty()) return nullptr;
  values.push_back(segment);
  if (auto* found = search(*node.any, path, values)) return found;
  values.pop_back();
  return nullptr;
}

// "host" and "port" of "host:port" or "[v6]:port"; the scheme's own port when there is none.
std::pair<std::string_view, std::string_view> split_authority(std::string_view authority,
                                                              bool secure) {
  const auto bracket = authority.rfind(']');
  const auto colon = authority.rfind(':');
  const bool has_port =
      colon != std::string_view::npos && (bracket == std::string_view::npos || colon > bracket);
  if (!has_port) return {authority, secure ? "443" : "80"};
  return {authority.substr(0, colon), authority.substr(colon + 1)};
}

}  // namespace

void RouteMetrics::count(int status) {
  const auto index = static_cast<std::size_t>(std::clamp(status / 100, 0, 5));
  auto& counter = by_class_[index];
  if (!counter) {
    counter = metrics_.counter("http_requests_total", "HTTP requests answered.",
                               {{"method", std::string(to_string(method_))},
                                {"route", pattern_},
                                {"status", std::to_string(index) + "xx"}});
  }
  counter->add();
}

void RouteMetrics::count(int status, std::chrono::steady_clock::duration took) {
  count(status);
  if (!seconds_) {
    seconds_ = metrics_.seconds("http_request_seconds", "Time from a request to its answer's head.",
                                {{"method", std::string(to_string(method_))}, {"route", pattern_}});
  }
  seconds_->observe(std::chrono::duration<double>(took).count());
}

bool Node::in_use() const {
  return socket ||
         std::any_of(by_method.begin(), by_method.end(), [](const auto& route) { return !!route; });
}

Route* Node::route(Method method, bool local) const {
  auto* found = by_method[static_cast<std::size_t>(method)].get();
  if (!found && method == Method::head)
    found = by_method[static_cast<std::size_t>(Method::get)].get();
  if (found && found->access == Access::local && !local) return nullptr;
  return found;
}

std::string Node::allowed(bool local) const {
  std::string list;
  for (std::size_t i = 0; i < kMethodCount; ++i) {
    const auto method = static_cast<Method>(i);
    const bool by_socket = socket && method == Method::get;
    if (!by_socket && !route(method, local)) continue;
    list.append(to_string(method)).append(", ");
  }
  if (!list.empty()) list += "OPTIONS";
  return list;
}

std::pair<Node*, std::vector<std::string>> Router::Tables::place(const std::string& pattern) {
  if (pattern.empty() || pattern.front() != '/')
    throw std::logic_error("a route's pattern starts with '/': " + pattern);
  Node* node = &root;
  std::vector<std::string> names;
  for (std::string_view rest = pattern; !rest.empty();) {
    const auto segment = take_segment(rest);
    const bool brace = segment.size() > 2 && segment.front() == '{' && segment.back() == '}';
    if (brace) names.emplace_back(segment.substr(1, segment.size() - 2));
    auto& next = brace ? node->any : node->literals[std::string(segment)];
    if (!next) next = std::make_unique<Node>();
    node = next.get();
  }
  return {node, std::move(names)};
}

Match Router::Tables::match(std::string_view path) {
  Match found;
  found.node = search(root, path, found.values);
  return found;
}

RouteMetrics& Router::Tables::other(Method method, std::string_view pattern) {
  const auto key = std::pair(method, std::string(pattern));
  return others.try_emplace(key, metrics, method, std::string(pattern)).first->second;
}

bool same_origin(const Request& request, std::string_view public_origin) {
  auto origin = request.headers.get("Origin");
  if (!public_origin.empty() && equal_ignoring_case(origin, public_origin)) return true;
  const std::string_view scheme = request.secure ? "https://" : "http://";
  if (!equal_ignoring_case(origin.substr(0, scheme.size()), scheme)) return false;
  origin.remove_prefix(scheme.size());
  const auto [host, port] = split_authority(origin, request.secure);
  const auto [our_host, our_port] = split_authority(request.headers.get("Host"), request.secure);
  return !host.empty() && equal_ignoring_case(host, our_host) && port == our_port;
}

}  // namespace croft::http

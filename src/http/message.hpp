// A request as a handler sees it, and the response it answers with.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <any>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.hpp"
#include "base/task.hpp"

namespace croft::http {

enum class Method { get, head, post, put, patch, del, options };
std::string_view to_string(Method);
std::optional<Method> parse_method(std::string_view);

// Header names compare without case; order is kept.
class Headers {
 public:
  // The first value, or "".
  std::string_view get(std::string_view name) const;
  bool has(std::string_view name) const;
  std::size_t count(std::string_view name) const;
  void set(std::string name, std::string value);  // replaces
  void add(std::string name, std::string value);
  auto begin() const { return list_.begin(); }
  auto end() const { return list_.end(); }

 private:
  std::vector<std::pair<std::string, std::string>> list_;
};

// Decoded query parameters. A parameter given twice is a mistake (parameter pollution), told by
// `repeated`, which the router turns into 422 before any handler runs.
struct Query {
  std::map<std::string, std::string, std::less<>> values;
  std::optional<std::string> repeated;

  // The value, or nothing when absent; an empty value is a value.
  std::optional<std::string_view> get(std::string_view name) const;
};

// Parses "a=1&b=%20" as browsers write forms: '+' is a space, so a '+' is sent as %2B. Malformed
// escapes, NUL, invalid UTF-8, a missing name and more than 64 parameters are Code::malformed.
Result<Query> parse_query(std::string_view raw);
// Percent-decodes a path segment; nothing when malformed, not UTF-8, or when it hides '/' or NUL.
std::optional<std::string> decode_segment(std::string_view raw);
// Decodes every segment of "/a/b%20c". Nothing when it does not start with '/', when a segment is
// malformed or is "." or "..", or when one other than the last is empty: a path is never
// normalised.
std::optional<std::string> decode_path(std::string_view raw);

bool equal_ignoring_case(std::string_view, std::string_view);  // ASCII only
// "a" of " a, b": takes the first element off a comma-separated list, without blanks around it.
std::string_view take_element(std::string_view& list);

struct Request {
  Method method = Method::get;
  std::string path;    // decoded per segment, always starts with '/'
  std::string target;  // as sent
  Query query;
  Headers headers;
  std::string body;
  std::string remote;   // client address without port; "local" on the administration socket
  bool secure = false;  // arrived (at the gateway) under TLS
  std::map<std::string, std::string, std::less<>> params;  // {id} of the route's pattern
  std::any caller;  // what the guard found out about who asks; security/guard.hpp reads it

  std::string_view param(std::string_view name) const;
  // The first cookie of that name, or "".
  std::string_view cookie(std::string_view name) const;
};

// Gives the next piece of a long body: appends to `chunk` and returns true, or returns false at the
// end. Called only when the client has taken what came before, so memory stays bounded. An
// exception cuts the connection, so that half a body never looks whole.
using BodySource = std::function<Task<bool>(std::string& chunk)>;

struct Response {
  int status = 200;
  Headers headers;
  std::string body;
  BodySource stream;  // when set, sent chunked after `body`

  static Response json(std::string text, int status = 200);
  static Response no_content();
};

using Handler = std::function<Task<Response>(Request&)>;

}  // namespace croft::http

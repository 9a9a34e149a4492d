// Turns an Error into a status and an application/problem+json body.
// SPDX-License-Identifier: Apache-2.0
#include "http/problem.hpp"

#include <utility>

#include "base/json.hpp"

namespace croft::http {
namespace {

constexpr std::pair<int, std::string_view> kReasons[] = {
    {100, "Continue"},
    {101, "Switching Protocols"},
    {200, "OK"},
    {201, "Created"},
    {202, "Accepted"},
    {204, "No Content"},
    {206, "Partial Content"},
    {301, "Moved Permanently"},
    {302, "Found"},
    {303, "See Other"},
    {304, "Not Modified"},
    {307, "Temporary Redirect"},
    {308, "Permanent Redirect"},
    {400, "Bad Request"},
    {401, "Unauthorized"},
    {403, "Forbidden"},
    {404, "Not Found"},
    {405, "Method Not Allowed"},
    {406, "Not Acceptable"},
    {408, "Request Timeout"},
    {409, "Conflict"},
    {410, "Gone"},
    {412, "Precondition Failed"},
    {413, "Content Too Large"},
    {414, "URI Too Long"},
    {415, "Unsupported Media Type"},
    {417, "Expectation Failed"},
    {422, "Unprocessable Content"},
    {426, "Upgrade Required"},
    {429, "Too Many Requests"},
    {431, "Request Header Fields Too Large"},
    {500, "Internal Server Error"},
    {501, "Not Implemented"},
    {503, "Service Unavailable"},
    {505, "HTTP Version Not Supported"},
};

Response make(int status, std::string_view detail, const std::vector<FieldError>& fields) {
  JsonWriter json;
  json.begin_object();
  json.member("type", "about:blank").member("title", reason_of(status)).member("status", status);
  if (!detail.empty()) json.member("detail", detail);
  if (!fields.empty()) {
    json.key("errors").begin_array();
    for (const auto& wrong : fields) {
      json.begin_object();
      json.member("field", wrong.field).member("message", wrong.message).end_object();
    }
    json.end_array();
  }
  json.end_object();

  Response response;
  response.status = status;
  response.headers.add("Content-Type", "application/problem+json");
  if (status == 401) response.headers.add("WWW-Authenticate", "Bearer");
  response.body = std::move(json).str();
  return response;
}

}  // namespace

int status_of(Code code) {
  switch (code) {
    case Code::invalid:
      return 422;
    case Code::malformed:
      return 400;
    case Code::unauthenticated:
      return 401;
    case Code::forbidden:
      return 403;
    case Code::not_found:
      return 404;
    case Code::conflict:
      return 409;
    case Code::too_large:
      return 413;
    case Code::too_many:
      return 429;
    case Code::unavailable:
      return 503;
  }
  return 500;
}

std::string_view reason_of(int status) {
  for (const auto& [known, reason] : kReasons)
    if (known == status) return reason;
  return status < 400 ? "OK" : "Error";
}

Response problem(const Error& error) {
  Response response = make(status_of(error.code), error.message, error.fields);
  if (error.retry_after_seconds > 0)
    response.headers.add("Retry-After", std::to_string(error.retry_after_seconds));
  return response;
}

Response problem(int status, std::string detail) { return make(status, detail, {}); }

}  // namespace croft::http

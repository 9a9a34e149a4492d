// Builds response heads from constant pieces, one append after another.
// SPDX-License-Identifier: Apache-2.0
#include "http/response_writer.hpp"

#include <algorithm>
#include <charconv>

#include "http/problem.hpp"

namespace croft::http {
namespace {

constexpr std::string_view kAlways =
    "X-Content-Type-Options: nosniff\r\n"
    "Referrer-Policy: no-referrer\r\n";
constexpr std::string_view kApiPolicy =
    "Content-Security-Policy: default-src 'none'; frame-ancestors 'none'\r\n";
// The hash is that of the empty <style> which Plotly adds before it fills it by script.
constexpr std::string_view kPagePolicy =
    "Content-Security-Policy: default-src 'self'; "
    "style-src 'self' 'sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU='; "
    "img-src 'self' data: blob:; connect-src 'self'; frame-ancestors 'none'; base-uri 'none'; "
    "form-action 'self'\r\n";

void append_int(std::string& out, std::size_t number) {
  char digits[20];
  const auto end = std::to_chars(digits, digits + sizeof digits, number).ptr;
  out.append(digits, end);
}

bool is_ours(std::string_view name) {
  for (const std::string_view ours : {"Content-Length", "Transfer-Encoding", "Connection", "Date"})
    if (equal_ignoring_case(name, ours)) return true;
  return false;
}

// A line ending inside a header would let whoever chose the value write headers of their own.
void append_header(std::string& out, std::string_view name, std::string_view value) {
  const auto start = out.size();
  out.append(name).append(": ").append(value);
  std::replace_if(
      out.begin() + static_cast<std::ptrdiff_t>(start), out.end(),
      [](char c) { return c == '\r' || c == '\n' || c == '\0'; }, ' ');
  out += "\r\n";
}

}  // namespace

bool has_no_body(int status) { return status < 200 || status == 204 || status == 304; }

std::string_view ResponseWriter::date_line() {
  const auto now = std::time(nullptr);
  if (now == second_) return date_line_;
  second_ = now;
  std::tm utc{};
  gmtime_r(&now, &utc);
  static constexpr const char* kDays[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  static constexpr const char* kMonths[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                            "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  char rest[32];
  std::strftime(rest, sizeof rest, "%Y %H:%M:%S GMT\r\n", &utc);
  char day[4];
  std::strftime(day, sizeof day, "%d", &utc);
  date_line_ = std::string("Date: ") + kDays[utc.tm_wday] + ", " + day + " " + kMonths[utc.tm_mon] +
               " " + rest;
  return date_line_;
}

void ResponseWriter::append_head(std::string& out, const Response& response,
                                 const HeadOptions& options) {
  out += "HTTP/1.1 ";  // our version, whatever the client speaks (RFC 9110, 6.2)
  append_int(out, static_cast<std::size_t>(response.status));
  out.append(" ").append(reason_of(response.status)).append("\r\n").append(date_line());

  bool has_cache_control = false;
  bool has_policy = false;
  for (const auto& [name, value] : response.headers) {
    if (is_ours(name)) continue;
    has_cache_control = has_cache_control || equal_ignoring_case(name, "Cache-Control");
    has_policy = has_policy || equal_ignoring_case(name, "Content-Security-Policy");
    append_header(out, name, value);
  }
  out += kAlways;
  if (!has_policy) out += options.api ? kApiPolicy : kPagePolicy;
  if (options.api && !has_cache_control) out += "Cache-Control: no-store\r\n";

  if (!options.keep_alive) out += "Connection: close\r\n";
  if (options.keep_alive && options.http_1_0) out += "Connection: keep-alive\r\n";
  if (options.framing == Framing::chunked) out += "Transfer-Encoding: chunked\r\n";
  if (options.framing == Framing::length && !has_no_body(response.status)) {
    out += "Content-Length: ";
    append_int(out, response.body.size());
    out += "\r\n";
  }
  out += "\r\n";
}

}  // namespace croft::http

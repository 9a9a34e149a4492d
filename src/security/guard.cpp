// Finds the token in a request, checks it and its session.
// SPDX-License-Identifier: Apache-2.0
#include "security/guard.hpp"

#include <stdexcept>

namespace croft::security {
namespace {

bool starts_with_bearer(std::string_view header) {
  constexpr std::string_view kScheme = "bearer ";
  if (header.size() <= kScheme.size()) return false;
  for (std::size_t i = 0; i < kScheme.size(); ++i)
    if ((header[i] | 0x20) != (kScheme[i] | 0x20)) return false;
  return true;
}

std::string_view token_of(const http::Request& request) {
  const auto header = request.headers.get("authorization");
  if (starts_with_bearer(header)) return header.substr(7);
  if (!header.empty()) return {};  // another scheme: do not fall back to a cookie
  const auto cookie = request.cookie(cookie_name(request.secure));
  return cookie;
}

}  // namespace

std::string_view cookie_name(bool secure) {
  return secure ? "__Host-croft_session" : "croft_session";
}

const Principal& caller(const http::Request& request) {
  const auto* principal = std::any_cast<Principal>(&request.caller);
  if (principal == nullptr) throw std::logic_error("an unguarded route asked for its caller");
  return *principal;
}

Guard::Guard(const Verifier& verifier, sessions::Store& sessions, const Clock& clock)
    : verifier_(verifier), sessions_(sessions), clock_(clock) {}

Task<Result<>> Guard::admit(http::Request& request) {
  const auto token = token_of(request);
  if (token.empty()) co_return fail(Code::unauthenticated, "log in first");
  if (!verifier_.has_key())
    co_return fail(Code::unavailable, "log-ins cannot be checked yet; try again in a moment");
  const auto principal = verifier_.verify(token, clock_.now());
  if (!principal) co_return fail(Code::unauthenticated, "the token is not valid; log in again");
  const auto session = co_await sessions_.find(principal->session);
  if (!session) {
    if (session.error().code == Code::unavailable) co_return session.error();
    co_return fail(Code::unauthenticated, "the session has ended; log in again");
  }
  request.caller = *principal;
  co_return Result<>();
}

}  // namespace croft::security

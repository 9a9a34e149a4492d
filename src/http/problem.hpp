// RFC 9457 problem details: the one place where error codes become HTTP status.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/result.hpp"
#include "http/message.hpp"

namespace croft::http {

int status_of(Code);
std::string_view reason_of(int status);  // "Not Found"

// application/problem+json with type, title, status, detail and, for invalid input, errors.
Response problem(const Error&);
Response problem(int status, std::string detail);

}  // namespace croft::http

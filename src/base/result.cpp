// Names of the error codes, and the exception for a value that is not there.
// SPDX-License-Identifier: Apache-2.0
#include "base/result.hpp"

#include <stdexcept>

namespace croft {

std::string_view to_string(Code code) {
  switch (code) {
    case Code::invalid:
      return "invalid";
    case Code::malformed:
      return "malformed";
    case Code::unauthenticated:
      return "unauthenticated";
    case Code::forbidden:
      return "forbidden";
    case Code::not_found:
      return "not found";
    case Code::conflict:
      return "conflict";
    case Code::too_large:
      return "too large";
    case Code::too_many:
      return "too many";
    case Code::unavailable:
      return "unavailable";
  }
  return "unknown";
}

void throw_exception_from_error(const Error& error, const boost::source_location&) {
  throw std::logic_error("a result was used without looking: " + error.message);
}

Error invalid_field(std::string field, std::string message) {
  Error error{Code::invalid, field + " " + message};
  error.fields.push_back({std::move(field), std::move(message)});
  return error;
}

}  // namespace croft

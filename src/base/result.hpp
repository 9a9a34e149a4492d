// Expected outcomes as values: Result<T> holds a T or an Error that knows no protocol.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/system/result.hpp>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace croft {

// What went wrong, in words every caller understands; http/problem.cpp alone turns it into a
// status.
enum class Code {
  invalid,          // the input breaks a rule; `fields` says which
  malformed,        // the input could not even be read
  unauthenticated,  // nobody is known to ask
  forbidden,        // known, but may not
  not_found,        // absent, or somebody else's
  conflict,         // contradicts what is there
  too_large,        // over a stated size
  too_many,         // over a stated rate; `retry_after_seconds` says when to come back
  unavailable,      // a part Croft needs does not answer now
};

std::string_view to_string(Code);

struct FieldError {
  std::string field;    // as the sender wrote it: "email", "command.device"
  std::string message;  // "must be ..."
};

struct Error {
  Code code = Code::invalid;
  std::string message;  // one sentence for the person who asked
  std::vector<FieldError> fields{};
  int retry_after_seconds = 0;
};

// A broken world that may heal: the store is gone, the disk is full. Where an exception ends, it is
// told apart from our own mistakes.
class Unavailable : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

// Called by Result<T>::value() on an error: asking for a value that is not there is our own
// mistake.
[[noreturn]] void throw_exception_from_error(const Error&, const boost::source_location&);

template <class T = void>
using Result = boost::system::result<T, Error>;

inline Error fail(Code code, std::string message) { return Error{code, std::move(message)}; }

// An invalid input with one named culprit.
Error invalid_field(std::string field, std::string message);

}  // namespace croft

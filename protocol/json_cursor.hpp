// A strict JSON scanner (RFC 8259) that walks a payload in place, without a heap.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "protocol/text.hpp"

namespace croft::protocol {

/// A string that was read. Without escapes `text` points into the payload, else into the scratch.
struct JsonString {
  std::string_view text;
  bool ok = false;         // closed, valid escapes, valid UTF-8
  bool truncated = false;  // had escapes and did not fit the scratch; `text` holds whole characters
};

struct JsonNumber {
  enum class State : std::uint8_t { ok, malformed, overflow };
  double value = 0;
  State state = State::malformed;
};

class JsonCursor {
 public:
  explicit JsonCursor(std::string_view text)
      : begin_(text.data()), at_(text.data()), end_(text.data() + text.size()) {}

  std::size_t offset() const { return static_cast<std::size_t>(at_ - begin_); }

  /// The next character after white space, not consumed; 0 at the end.
  char peek() {
    skip_space();
    return at_ == end_ ? '\0' : *at_;
  }
  /// Consumes `c` if it is the next character after white space.
  bool take(char c) {
    skip_space();
    if (at_ == end_ || *at_ != c) return false;
    ++at_;
    return true;
  }
  /// Nothing but white space is left.
  bool at_end() {
    skip_space();
    return at_ == end_;
  }

  /// Consumes `word` if it is next: true, false, null.
  bool take_word(std::string_view word);
  /// A string at the cursor; escapes are decoded into `scratch`.
  JsonString read_string(char* scratch, std::size_t capacity);
  /// A number at the cursor. Too small a number is 0; digits beyond a double's are rounded.
  JsonNumber read_number();
  /// Steps over any one value, nested up to 16 deep; false when it is not JSON.
  bool skip_value();

 private:
  void skip_space() {
    while (at_ != end_ && (*at_ == ' ' || *at_ == '\n' || *at_ == '\r' || *at_ == '\t')) ++at_;
  }
  bool skip_scalar();
  bool skip_utf8();

  const char* begin_;
  const char* at_;
  const char* end_;
};

}  // namespace croft::protocol

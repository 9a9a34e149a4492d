// Writes JSON into a caller's buffer; what does not fit is noticed once, at the end.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace croft::protocol {

class JsonWriter {
 public:
  JsonWriter(char* buffer, std::size_t capacity) : begin_(buffer), end_(buffer + capacity) {}

  /// Text that is JSON already.
  void raw(std::string_view json);
  /// A string with quotes and escapes. `text` is UTF-8.
  void string(std::string_view text);
  /// The shortest decimal that reads back as the same double: 23.5, 41, 1e+30. Not a number and
  /// infinity cannot be written and make the writer fail.
  void number(double value);
  void integer(std::int64_t value);

  /// Everything fitted so far.
  bool ok() const { return ok_; }
  std::size_t size() const { return size_; }
  /// Forgets what was written after `size`, and any failure since.
  void rewind(std::size_t size) {
    size_ = size;
    ok_ = true;
  }
  /// What was written; empty after a failure.
  std::string_view text() const {
    return ok_ ? std::string_view(begin_, size_) : std::string_view();
  }

 private:
  char* begin_;
  char* end_;
  std::size_t size_ = 0;
  bool ok_ = true;
};

/// The shortest decimal by trial with snprintf, for boards whose library has no std::to_chars for
/// doubles. Returns its size; `buffer` takes 32 bytes.
std::size_t write_shortest_by_trial(double value, char (&buffer)[32]);

}  // namespace croft::protocol

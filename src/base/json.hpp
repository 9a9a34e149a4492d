// JSON: a writer that prints numbers as people do, and a reader of objects with good messages.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/json/fwd.hpp>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "base/result.hpp"

namespace croft {

// Appends JSON text to a string; commas are its own business. Invalid UTF-8 becomes U+FFFD, so the
// result is always valid JSON. Non-finite numbers become null.
class JsonWriter {
 public:
  JsonWriter& begin_object() { return open('{'); }
  JsonWriter& end_object() { return close('}'); }
  JsonWriter& begin_array() { return open('['); }
  JsonWriter& end_array() { return close(']'); }
  JsonWriter& key(std::string_view name);
  JsonWriter& value(std::string_view text);
  JsonWriter& value(const char* text) { return value(std::string_view(text)); }
  JsonWriter& value(const std::string& text) { return value(std::string_view(text)); }
  JsonWriter& value(double number);
  JsonWriter& value(bool truth);
  JsonWriter& value(std::int64_t number);
  JsonWriter& value(Instant at) { return value(std::string_view(format_instant(at))); }
  template <class Int>
    requires(std::is_integral_v<Int> && !std::is_same_v<Int, bool>)
  JsonWriter& value(Int number) {
    return value(static_cast<std::int64_t>(number));
  }
  template <class T>
  JsonWriter& value(const std::optional<T>& maybe) {
    return maybe ? value(*maybe) : null();
  }
  JsonWriter& null();
  // Text that is JSON already.
  JsonWriter& raw(std::string_view json);
  template <class T>
  JsonWriter& member(std::string_view name, const T& what) {
    key(name);
    return value(what);
  }

  std::string_view view() const { return out_; }
  std::string str() && { return std::move(out_); }
  std::string& buffer() { return out_; }

 private:
  JsonWriter& open(char bracket);
  JsonWriter& close(char bracket);
  void separate();

  std::string out_;
  bool first_ = true;
};

// Shortest text that reads back as the same double: 23.5, 41, 1e+300.
void append_number(std::string& out, double number);
// A JSON string with its quotes.
void append_json_string(std::string& out, std::string_view text);

// Reads members of one JSON object, collecting every mistake, so that a sender hears of all at
// once:
//
//   JsonFields in(body);
//   const auto name = in.text("name", {.least = 1, .most = 64});
//   if (auto error = in.error()) return *error;
//
// Unknown members are ignored (clients may be newer than we are). Depth is bounded by Boost.JSON
// (32).
class JsonFields {
 public:
  struct Length {
    std::size_t least = 0;
    std::size_t most = 1024;
  };

  // Malformed JSON, or JSON that is not an object, is remembered and told by error().
  explicit JsonFields(std::string_view body);
  JsonFields(const JsonFields&) = delete;
  JsonFields& operator=(const JsonFields&) = delete;
  ~JsonFields();

  // The required member, or "" with a mistake noted. Lengths count bytes. NUL is refused.
  std::string text(std::string_view name, Length length);
  std::optional<std::string> optional_text(std::string_view name, Length length);
  double number(std::string_view name);
  std::optional<double> optional_number(std::string_view name);
  std::optional<bool> optional_truth(std::string_view name);
  std::optional<Instant> optional_instant(std::string_view name);
  // Whole seconds from `least` to `most`, given as a number or in ISO 8601 ("PT5M").
  std::optional<Seconds> optional_seconds(std::string_view name, Seconds least, Seconds most);
  std::vector<std::string> texts(std::string_view name, std::size_t most);
  bool has(std::string_view name) const;
  // Whether it is there and null: absent for every other reader, but meant.
  bool is_null(std::string_view name) const;
  // A nested object as its own JSON text; "" when absent.
  std::string object(std::string_view name);

  // Notes a mistake found by the caller's own rules.
  void wrong(std::string_view field, std::string_view message);
  // All mistakes as one error; nothing when there were none.
  std::optional<Error> error() const;

 private:
  const boost::json::value* find(std::string_view name) const;
  const boost::json::value* require(std::string_view name);

  struct Parsed;
  std::unique_ptr<Parsed> parsed_;
  std::optional<Error> malformed_;
  std::vector<FieldError> mistakes_;
};

}  // namespace croft

// Logging: human lines on a terminal, one JSON object a line otherwise; never a secret.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <variant>

namespace croft::log {

enum class Level { debug, info, warning, error };

// A named value beside the message: {"device", id}, {"rows", 12}.
struct Field {
  std::string_view name;
  std::variant<std::string_view, std::int64_t, double, bool> value;

  Field(std::string_view n, std::string_view v) : name(n), value(v) {}
  Field(std::string_view n, const std::string& v) : name(n), value(std::string_view(v)) {}
  Field(std::string_view n, const char* v) : name(n), value(std::string_view(v)) {}
  Field(std::string_view n, bool v) : name(n), value(v) {}
  Field(std::string_view n, double v) : name(n), value(v) {}
  template <class Int>
    requires std::is_integral_v<Int>
  Field(std::string_view n, Int v) : name(n), value(static_cast<std::int64_t>(v)) {}
};
using Fields = std::initializer_list<Field>;

enum class Format { automatic, text, json };

// Call once at start; before it, messages of info and above go to stderr as text. `automatic` is
// text on a terminal and JSON otherwise.
void configure(Level least, Format format);
bool enabled(Level);

// `part` is the folder that speaks ("data"). Safe from any thread.
void write(Level, std::string_view part, std::string_view message, Fields fields = {});

inline void debug(std::string_view part, std::string_view message, Fields fields = {}) {
  write(Level::debug, part, message, fields);
}
inline void info(std::string_view part, std::string_view message, Fields fields = {}) {
  write(Level::info, part, message, fields);
}
inline void warning(std::string_view part, std::string_view message, Fields fields = {}) {
  write(Level::warning, part, message, fields);
}
inline void error(std::string_view part, std::string_view message, Fields fields = {}) {
  write(Level::error, part, message, fields);
}

// Lets a message through at most once in `every_seconds`, telling how many it held back, so that a
// broken part cannot fill the disk. One instance a call site; use from one thread.
class Throttle {
 public:
  explicit Throttle(double every_seconds) : every_seconds_(every_seconds) {}
  void write(Level, std::string_view part, std::string_view message, Fields fields = {});

 private:
  double every_seconds_;
  double last_ = -1e18;
  std::int64_t held_back_ = 0;
};

}  // namespace croft::log

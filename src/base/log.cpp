// Formats log lines (escaping everything a stranger could have written) and hands them to spdlog.
// SPDX-License-Identifier: Apache-2.0
#include "base/log.hpp"

#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include <chrono>
#include <memory>

#include "base/clock.hpp"
#include "base/json.hpp"

namespace croft::log {
namespace {

bool json_lines = false;

spdlog::logger& sink() {
  static const auto logger = [] {
    auto made = std::make_shared<spdlog::logger>("croft",
                                                 std::make_shared<spdlog::sinks::stderr_sink_mt>());
    made->set_pattern("%v");
    made->set_level(spdlog::level::info);
    made->flush_on(spdlog::level::trace);
    return made;
  }();
  return *logger;
}

spdlog::level::level_enum spdlog_level(Level level) {
  switch (level) {
    case Level::debug:
      return spdlog::level::debug;
    case Level::info:
      return spdlog::level::info;
    case Level::warning:
      return spdlog::level::warn;
    case Level::error:
      return spdlog::level::err;
  }
  return spdlog::level::info;
}

std::string_view name(Level level) {
  switch (level) {
    case Level::debug:
      return "debug";
    case Level::info:
      return "info";
    case Level::warning:
      return "warning";
    case Level::error:
      return "error";
  }
  return "info";
}

void put_value(JsonWriter& json, const Field& field) {
  json.key(field.name);
  std::visit([&](const auto& value) { json.value(value); }, field.value);
}

std::string json_line(Level level, std::string_view part, std::string_view message, Fields fields) {
  JsonWriter json;
  json.begin_object();
  json.member("time", format_instant(SystemClock{}.now()));
  json.member("level", name(level));
  json.member("part", part);
  json.member("message", message);
  for (const auto& field : fields) put_value(json, field);
  json.end_object();
  return std::move(json).str();
}

// Text for eyes: control characters become '?', so that no value can forge a second line.
void append_clean(std::string& out, std::string_view text) {
  for (const char c : text) out += (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) ? '?' : c;
}

std::string text_line(Level level, std::string_view part, std::string_view message, Fields fields) {
  std::string line = format_instant(SystemClock{}.now()).substr(11, 12);
  line += ' ';
  line += level == Level::info ? "" : std::string(name(level)) + ": ";
  append_clean(line, part);
  line += ": ";
  append_clean(line, message);
  for (const auto& field : fields) {
    line += ' ';
    line += field.name;
    line += '=';
    JsonWriter json;
    std::visit([&](const auto& value) { json.value(value); }, field.value);
    append_clean(line, json.view());
  }
  return line;
}

}  // namespace

void configure(Level least, Format format) {
  json_lines = format == Format::json || (format == Format::automatic && ::isatty(2) == 0);
  sink().set_level(spdlog_level(least));
}

bool enabled(Level level) { return sink().should_log(spdlog_level(level)); }

void write(Level level, std::string_view part, std::string_view message, Fields fields) {
  if (!enabled(level)) return;
  const auto line = json_lines ? json_line(level, part, message, fields)
                               : text_line(level, part, message, fields);
  sink().log(spdlog_level(level), spdlog::string_view_t(line.data(), line.size()));
}

void Throttle::write(Level level, std::string_view part, std::string_view message, Fields fields) {
  const auto now =
      std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
  if (now - last_ < every_seconds_) {
    ++held_back_;
    return;
  }
  log::write(level, part, message, fields);
  if (held_back_ > 0)
    log::write(level, part, "the line above was held back before", {{"times", held_back_}});
  last_ = now;
  held_back_ = 0;
}

}  // namespace croft::log

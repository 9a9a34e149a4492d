// Writes JSON with shortest numbers, and reads members of an object while collecting mistakes.
// SPDX-License-Identifier: Apache-2.0
#include "base/json.hpp"

#include <array>
#include <boost/json.hpp>
#include <charconv>
#include <cmath>

namespace croft {
namespace {

// Length of the valid UTF-8 sequence at `at`, or 0.
std::size_t utf8_length(std::string_view text, std::size_t at) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const auto lead = byte(at);
  const std::size_t length = lead < 0x80   ? 1
                             : lead < 0xC2 ? 0
                             : lead < 0xE0 ? 2
                             : lead < 0xF0 ? 3
                             : lead < 0xF5 ? 4
                                           : 0;
  if (length == 0 || at + length > text.size()) return 0;
  for (std::size_t i = 1; i < length; ++i)
    if ((byte(at + i) & 0xC0) != 0x80) return 0;
  if (lead == 0xE0 && byte(at + 1) < 0xA0) return 0;
  if (lead == 0xED && byte(at + 1) > 0x9F) return 0;  // surrogates
  if (lead == 0xF0 && byte(at + 1) < 0x90) return 0;
  if (lead == 0xF4 && byte(at + 1) > 0x8F) return 0;
  return length;
}

void append_escaped(std::string& out, char c) {
  switch (c) {
    case '"':
      out += "\\\"";
      return;
    case '\\':
      out += "\\\\";
      return;
    case '\n':
      out += "\\n";
      return;
    case '\r':
      out += "\\r";
      return;
    case '\t':
      out += "\\t";
      return;
    default:
      break;
  }
  constexpr std::string_view kHex = "0123456789abcdef";
  out += "\\u00";
  out += kHex[static_cast<unsigned char>(c) >> 4];
  out += kHex[static_cast<unsigned char>(c) & 15];
}

}  // namespace

void append_number(std::string& out, double number) {
  if (!std::isfinite(number)) {
    out += "null";
    return;
  }
  std::array<char, 32> text{};
  const auto end = std::to_chars(text.data(), text.data() + text.size(), number).ptr;
  out.append(text.data(), end);
}

void append_json_string(std::string& out, std::string_view text) {
  out += '"';
  for (std::size_t at = 0; at < text.size();) {
    const char c = text[at];
    if (c == '"' || c == '\\' || static_cast<unsigned char>(c) < 0x20 || c == 0x7f) {
      append_escaped(out, c);
      ++at;
      continue;
    }
    const auto length = utf8_length(text, at);
    if (length == 0) {
      out += "\xEF\xBF\xBD";
      ++at;
      continue;
    }
    out.append(text, at, length);
    at += length;
  }
  out += '"';
}

void JsonWriter::separate() {
  if (!first_) out_ += ',';
  first_ = false;
}

JsonWriter& JsonWriter::open(char bracket) {
  separate();
  out_ += bracket;
  first_ = true;
  return *this;
}

JsonWriter& JsonWriter::close(char bracket) {
  out_ += bracket;
  first_ = false;
  return *this;
}

JsonWriter& JsonWriter::key(std::string_view name) {
  separate();
  append_json_string(out_, name);
  out_ += ':';
  first_ = true;
  return *this;
}

JsonWriter& JsonWriter::value(std::string_view text) {
  separate();
  append_json_string(out_, text);
  return *this;
}

JsonWriter& JsonWriter::value(double number) {
  separate();
  append_number(out_, number);
  return *this;
}

JsonWriter& JsonWriter::value(bool truth) { return raw(truth ? "true" : "false"); }

JsonWriter& JsonWriter::value(std::int64_t number) {
  std::array<char, 24> text{};
  const auto end = std::to_chars(text.data(), text.data() + text.size(), number).ptr;
  return raw(std::string_view(text.data(), end - text.data()));
}

JsonWriter& JsonWriter::null() { return raw("null"); }

JsonWriter& JsonWriter::raw(std::string_view json) {
  separate();
  out_ += json;
  return *this;
}

struct JsonFields::Parsed {
  boost::json::value value;
};

JsonFields::JsonFields(std::string_view body) : parsed_(std::make_unique<Parsed>()) {
  boost::system::error_code error;
  parsed_->value = boost::json::parse(boost::json::string_view(body.data(), body.size()), error);
  if (error) {
    malformed_ = fail(Code::malformed, "the body is not valid JSON: " + error.message());
  } else if (!parsed_->value.is_object()) {
    malformed_ = fail(Code::malformed, "the body must be a JSON object");
  }
}

JsonFields::~JsonFields() = default;

const boost::json::value* JsonFields::find(std::string_view name) const {
  if (malformed_) return nullptr;
  const auto* found = parsed_->value.as_object().if_contains({name.data(), name.size()});
  return found != nullptr && found->is_null() ? nullptr : found;
}

const boost::json::value* JsonFields::require(std::string_view name) {
  const auto* found = find(name);
  if (found == nullptr) wrong(name, "is required");
  return found;
}

bool JsonFields::has(std::string_view name) const { return find(name) != nullptr; }

bool JsonFields::is_null(std::string_view name) const {
  if (malformed_) return false;
  const auto* found = parsed_->value.as_object().if_contains({name.data(), name.size()});
  return found != nullptr && found->is_null();
}

std::optional<std::string> JsonFields::optional_text(std::string_view name, Length length) {
  const auto* found = find(name);
  if (found == nullptr) return std::nullopt;
  if (!found->is_string()) {
    wrong(name, "must be text");
    return std::nullopt;
  }
  const auto& text = found->as_string();
  if (text.size() < length.least || text.size() > length.most) {
    wrong(name, "must have " + std::to_string(length.least) + " to " + std::to_string(length.most) +
                    " characters");
    return std::nullopt;
  }
  if (text.find('\0') != boost::json::string::npos) {
    wrong(name, "must not contain a NUL character");
    return std::nullopt;
  }
  return std::string(text.data(), text.size());
}

std::string JsonFields::text(std::string_view name, Length length) {
  if (require(name) == nullptr) return {};
  return optional_text(name, length).value_or("");
}

std::optional<double> JsonFields::optional_number(std::string_view name) {
  const auto* found = find(name);
  if (found == nullptr) return std::nullopt;
  boost::system::error_code error;
  const auto number = found->is_number() ? found->to_number<double>(error) : NAN;
  if (!std::isfinite(number)) {
    wrong(name, "must be a number");
    return std::nullopt;
  }
  return number;
}

double JsonFields::number(std::string_view name) {
  if (require(name) == nullptr) return 0;
  return optional_number(name).value_or(0);
}

std::optional<bool> JsonFields::optional_truth(std::string_view name) {
  const auto* found = find(name);
  if (found == nullptr) return std::nullopt;
  if (!found->is_bool()) {
    wrong(name, "must be true or false");
    return std::nullopt;
  }
  return found->as_bool();
}

std::optional<Instant> JsonFields::optional_instant(std::string_view name) {
  const auto* found = find(name);
  if (found == nullptr) return std::nullopt;
  std::optional<Instant> at;
  if (found->is_string())
    at = parse_instant({found->as_string().data(), found->as_string().size()});
  if (!at) wrong(name, "must be an RFC 3339 instant such as 2026-11-22T18:00:00Z");
  return at;
}

std::optional<Seconds> JsonFields::optional_seconds(std::string_view name, Seconds least,
                                                    Seconds most) {
  const auto* found = find(name);
  if (found == nullptr) return std::nullopt;
  std::optional<Seconds> time;
  if (found->is_string()) {
    time = parse_iso_duration({found->as_string().data(), found->as_string().size()});
  } else if (found->is_number()) {
    boost::system::error_code error;
    const auto number = found->to_number<double>(error);
    if (number == std::floor(number) && std::abs(number) < 1e15)
      time = Seconds(static_cast<std::int64_t>(number));
  }
  if (time && *time >= least && *time <= most) return time;
  wrong(name, "must be whole seconds from " + std::to_string(least.count()) + " to " +
                  std::to_string(most.count()) + ", or the same in ISO 8601 such as PT5M");
  return std::nullopt;
}

std::vector<std::string> JsonFields::texts(std::string_view name, std::size_t most) {
  std::vector<std::string> list;
  const auto* found = require(name);
  if (found == nullptr) return list;
  if (!found->is_array() || found->as_array().size() > most) {
    wrong(name, "must be a list of at most " + std::to_string(most) + " texts");
    return list;
  }
  for (const auto& entry : found->as_array()) {
    if (!entry.is_string()) {
      wrong(name, "must hold only texts");
      break;
    }
    list.emplace_back(entry.as_string().data(), entry.as_string().size());
  }
  return list;
}

std::string JsonFields::object(std::string_view name) {
  const auto* found = find(name);
  if (found == nullptr) return {};
  if (!found->is_object()) {
    wrong(name, "must be an object");
    return {};
  }
  return boost::json::serialize(*found);
}

void JsonFields::wrong(std::string_view field, std::string_view message) {
  mistakes_.push_back({std::string(field), std::string(message)});
}

std::optional<Error> JsonFields::error() const {
  if (malformed_) return malformed_;
  if (mistakes_.empty()) return std::nullopt;
  Error error{Code::invalid, mistakes_.front().field + " " + mistakes_.front().message, mistakes_};
  return error;
}

}  // namespace croft

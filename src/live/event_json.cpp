// Puts the type in front of what the routes answer.
// SPDX-License-Identifier: Apache-2.0
#include "live/event_json.hpp"

namespace croft::live {
namespace {

std::string typed(const char* type, std::string object) {
  object.insert(1, std::string("\"type\":\"") + type + "\",");
  return object;
}

template <class Noun>
std::string object(const Noun& noun) {
  JsonWriter json;
  write_json(json, noun);
  return std::move(json).str();
}

}  // namespace

std::string event_json(const CommandChanged& event) {
  return typed("command", object(event.command));
}

std::string event_json(const TimedChanged& event) { return typed("timed", event.json); }

std::string event_json(const AlertChanged& event) { return typed("alert", object(event.alert)); }

}  // namespace croft::live

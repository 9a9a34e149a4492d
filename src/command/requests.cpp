// Reading and answering what the requests of this service have in common.
// SPDX-License-Identifier: Apache-2.0
#include "command/requests.hpp"

#include <charconv>

#include "protocol/text.hpp"
#include "security/guard.hpp"

namespace croft::command {
namespace {

constexpr int kMostLimit = 1000;

}  // namespace

Error no_such_device() { return fail(Code::not_found, "there is no such device"); }

Switch read_switch(JsonFields& in) {
  Switch wanted;
  wanted.device = DeviceId(in.text("device", {.least = 1, .most = 64}));
  wanted.actuator = in.text("actuator", {.least = 1, .most = 64});
  if (!wanted.actuator.empty() && !protocol::is_name(wanted.actuator))
    in.wrong("actuator", "must be a name such as led: a letter, then letters, digits, _ . -");
  wanted.action = in.text("action", {.least = 1, .most = 8});
  for (char& c : wanted.action)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
  if (!wanted.action.empty() && wanted.action != "on" && wanted.action != "off")
    in.wrong("action", "must be on or off");
  return wanted;
}

Result<Page> read_page(const http::Request& request, const DeviceDirectory& directory) {
  Page page;
  page.owner = security::caller(request).user;
  if (const auto text = request.query.get("limit")) {
    const auto* end = text->data() + text->size();
    const auto [stop, error] = std::from_chars(text->data(), end, page.limit);
    if (error != std::errc() || stop != end || page.limit < 1 || page.limit > kMostLimit)
      return invalid_field("limit", "must be a number from 1 to 1000");
  }
  if (const auto cursor = request.query.get("cursor")) {
    if (!protocol::is_command_id(*cursor))
      return invalid_field("cursor", "must be the \"next\" of an earlier answer");
    page.cursor = *cursor;
  }
  if (const auto device = request.query.get("device")) {
    page.device = DeviceId(*device);
    if (directory.find_owned(*page.device, page.owner) == nullptr) return no_such_device();
  }
  return page;
}

http::Response closed(JsonWriter json) {
  json.end_object();
  return http::Response::json(std::move(json).str());
}

}  // namespace croft::command

// Talks to the administration socket of a running Croft.
// SPDX-License-Identifier: Apache-2.0
#include "app/administration.hpp"

#include <boost/json.hpp>
#include <stdexcept>

#include "app/state_dir.hpp"
#include "base/ids.hpp"
#include "base/json.hpp"
#include "http/client.hpp"

namespace croft::app {
namespace {

namespace json = boost::json;
using http::Method;

// The problem's own words when the server refused.
std::string complaint(const http::Answer& answer) {
  boost::system::error_code error;
  const auto body = json::parse(answer.body, error);
  if (!error && body.is_object())
    if (const auto* detail = body.as_object().if_contains("detail"); detail && detail->is_string())
      return std::string(detail->as_string());
  return "the server answered with status " + std::to_string(answer.status);
}

json::value call(const std::filesystem::path& state_dir, Method method, const std::string& target,
                 std::string body = {}) {
  const auto client = http::Client::local(socket_in(state_dir));
  http::Headers headers;
  if (!body.empty()) headers.set("Content-Type", "application/json");
  const auto answer = client.request(method, target, body, headers);
  if (!answer)
    throw std::runtime_error("no Croft answers on " + state_dir.string() + " (" +
                             answer.error().message + "); start one with: croft serve");
  if (answer->status >= 300) throw std::runtime_error(complaint(*answer));
  if (answer->body.empty()) return {};
  return json::parse(answer->body);
}

std::string text(const json::value& object, std::string_view name) {
  const auto* found = object.as_object().if_contains({name.data(), name.size()});
  return found != nullptr && found->is_string() ? std::string(found->as_string()) : "";
}

// A name as one segment of a path.
std::string segment(const std::string& name) {
  constexpr std::string_view kHex = "0123456789ABCDEF";
  std::string out;
  for (const char c : name) {
    if (std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '-' || c == '_' || c == '.') {
      out += c;
      continue;
    }
    out += '%';
    out += kHex[static_cast<unsigned char>(c) >> 4];
    out += kHex[static_cast<unsigned char>(c) & 15];
  }
  return out;
}

Administration::Device device_from(const json::value& object) {
  const auto* online = object.as_object().if_contains("online");
  return {text(object, "id"), text(object, "name"),
          online != nullptr && online->is_bool() && online->as_bool(), text(object, "secret")};
}

}  // namespace

std::optional<std::string> Administration::add_user(const std::string& name,
                                                    const std::string& email,
                                                    std::optional<std::string> password) const {
  std::optional<std::string> made;
  if (!password) password = made = random_token(12);
  JsonWriter body;
  body.begin_object();
  body.member("username", name);
  body.member("email", email);
  body.member("password", *password);
  body.end_object();
  call(state_dir_, Method::post, "/local/v1/users", std::move(body).str());
  return made;
}

std::optional<std::string> Administration::reset_password(
    const std::string& name, std::optional<std::string> password) const {
  std::optional<std::string> made;
  if (!password) password = made = random_token(12);
  JsonWriter body;
  body.begin_object();
  body.member("password", *password);
  body.end_object();
  call(state_dir_, Method::post, "/local/v1/users/" + segment(name) + "/password",
       std::move(body).str());
  return made;
}

void Administration::remove_user(const std::string& name) const {
  call(state_dir_, Method::del, "/local/v1/users/" + segment(name));
}

std::vector<Administration::User> Administration::users() const {
  std::vector<User> list;
  const auto answer = call(state_dir_, Method::get, "/local/v1/users");
  for (const auto& user : answer.at("users").as_array())
    list.push_back({text(user, "username"), text(user, "email"), text(user, "role")});
  return list;
}

std::string Administration::pick_user(const std::string& name) const {
  if (!name.empty()) return name;
  const auto all = users();
  if (all.size() == 1) return all.front().username;
  throw std::runtime_error(all.empty()
                               ? "there is no account yet; make one with: croft user add NAME"
                               : "there are several accounts; say whose device with --user NAME");
}

Administration::Device Administration::add_device(const std::string& user,
                                                  const std::string& name) const {
  JsonWriter body;
  body.begin_object();
  body.member("name", name);
  body.end_object();
  return device_from(call(state_dir_, Method::post, "/local/v1/users/" + segment(user) + "/devices",
                          std::move(body).str()));
}

std::vector<Administration::Device> Administration::devices(const std::string& user) const {
  std::vector<Device> list;
  std::string cursor;
  do {
    auto target = "/local/v1/users/" + segment(user) + "/devices";
    if (!cursor.empty()) target += "?cursor=" + cursor;
    const auto answer = call(state_dir_, Method::get, target);
    for (const auto& device : answer.at("devices").as_array()) list.push_back(device_from(device));
    cursor = text(answer, "next");
  } while (!cursor.empty());
  return list;
}

Administration::Device Administration::rotate_device(const std::string& id) const {
  return device_from(
      call(state_dir_, Method::post, "/local/v1/devices/" + segment(id) + "/secret", "{}"));
}

void Administration::remove_device(const std::string& id) const {
  call(state_dir_, Method::del, "/local/v1/devices/" + segment(id));
}

}  // namespace croft::app

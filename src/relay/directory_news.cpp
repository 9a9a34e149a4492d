// Directory news as JSON.
// SPDX-License-Identifier: Apache-2.0
#include "relay/directory_news.hpp"

#include <boost/json.hpp>

#include "base/json.hpp"

namespace croft::relay {
namespace {

namespace json = boost::json;

template <class List, class Write>
void write_list(JsonWriter& out, const char* name, const List& list, Write write) {
  if (list.empty()) return;
  out.key(name).begin_array();
  for (const auto& one : list) write(one);
  out.end_array();
}

// Throws when the member is missing or no text.
std::string text(const json::object& object, std::string_view name) {
  return std::string(object.at({name.data(), name.size()}).as_string());
}

int number(const json::object& object, std::string_view name) {
  const auto* found = object.if_contains({name.data(), name.size()});
  return found == nullptr ? 0 : found->to_number<int>();
}

template <class Read>
void each(const json::object& object, std::string_view name, Read read) {
  const auto* found = object.if_contains({name.data(), name.size()});
  if (found == nullptr) return;
  for (const auto& one : found->as_array()) read(one);
}

DirectoryNews read(const json::object& object) {
  DirectoryNews news;
  news.part = number(object, "part");
  news.parts = number(object, "parts");
  if (object.contains("answers")) news.answers = text(object, "answers");
  if (object.contains("key")) news.key = text(object, "key");
  each(object, "devices", [&](const json::value& value) {
    const auto& one = value.as_object();
    news.devices.push_back(
        {DeviceId(text(one, "id")), UserId(text(one, "owner")), text(one, "name")});
  });
  each(object, "users", [&](const json::value& value) {
    const auto& one = value.as_object();
    news.users.push_back({UserId(text(one, "id")), text(one, "username"), text(one, "email"),
                          text(one, "timezone")});
  });
  each(object, "goneDevices", [&](const json::value& value) {
    news.gone_devices.emplace_back(std::string(value.as_string()));
  });
  each(object, "goneUsers", [&](const json::value& value) {
    news.gone_users.emplace_back(std::string(value.as_string()));
  });
  return news;
}

}  // namespace

std::string encode(const DirectoryNews& news) {
  JsonWriter out;
  out.begin_object();
  if (news.part != 0) out.member("part", news.part).member("parts", news.parts);
  if (!news.answers.empty()) out.member("answers", news.answers);
  if (!news.key.empty()) out.member("key", news.key);
  write_list(out, "devices", news.devices, [&](const DeviceEntry& one) {
    out.begin_object().member("id", one.id.str()).member("owner", one.owner.str());
    out.member("name", one.name).end_object();
  });
  write_list(out, "users", news.users, [&](const UserEntry& one) {
    out.begin_object().member("id", one.id.str()).member("username", one.username);
    out.member("email", one.email).member("timezone", one.timezone).end_object();
  });
  write_list(out, "goneDevices", news.gone_devices,
             [&](const DeviceId& id) { out.value(id.str()); });
  write_list(out, "goneUsers", news.gone_users, [&](const UserId& id) { out.value(id.str()); });
  out.end_object();
  return std::move(out).str();
}

std::optional<DirectoryNews> decode_directory_news(std::string_view payload) {
  try {
    return read(json::parse({payload.data(), payload.size()}).as_object());
  } catch (const std::exception&) {  // not JSON, or of another shape
    return std::nullopt;
  }
}

std::vector<DirectoryNews> whole(const DeviceDirectory& devices, const UserDirectory& users,
                                 const std::string& key, const std::string& answers,
                                 std::size_t entries) {
  std::vector<DirectoryNews> pieces(1);
  pieces.front().key = key;
  const auto piece = [&]() -> DirectoryNews& {
    if (pieces.back().devices.size() + pieces.back().users.size() >= entries) pieces.emplace_back();
    return pieces.back();
  };
  devices.each([&](const DeviceEntry& one) { piece().devices.push_back(one); });
  users.each([&](const UserEntry& one) { piece().users.push_back(one); });
  for (std::size_t i = 0; i < pieces.size(); ++i) {
    pieces[i].part = static_cast<int>(i) + 1;
    pieces[i].parts = static_cast<int>(pieces.size());
    pieces[i].answers = answers;
  }
  return pieces;
}

}  // namespace croft::relay

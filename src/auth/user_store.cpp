// SQL of the users table.
// SPDX-License-Identifier: Apache-2.0
#include "auth/user_store.hpp"

#include <algorithm>
#include <cctype>

namespace croft::auth::users {
namespace {

std::string key(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return out;
}

User user_from(const db::Row& row) {
  return {UserId(row.text(0)),
          row.string(1),
          row.string(2),
          row.string(3),
          row.text(4) == "admin" ? Role::admin : Role::user,
          row.instant(5),
          row.string(6)};
}

bool exists(db::Connection& connection, std::string_view sql, std::string_view value) {
  return connection.first(sql, {value}, [](const db::Row&) { return true; }).value_or(false);
}

}  // namespace

Added add(db::Connection& connection, User& user, bool only_first) {
  const auto count = connection.first("SELECT count(*) FROM users", {},
                                      [](const db::Row& row) { return row.integer(0); });
  if (only_first && *count > 0) return Added::not_first;
  if (*count == 0) user.role = Role::admin;
  const auto username_key = key(user.username);
  const auto email_key = key(user.email);
  const auto added = connection.execute(
      "INSERT INTO users (id, username, username_key, email, email_key, password, role, created, "
      "timezone) "
      "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT DO NOTHING",
      {user.id, user.username, username_key, user.email, email_key, user.password,
       to_string(user.role), user.created, user.timezone});
  if (added > 0) return Added::yes;
  return exists(connection, "SELECT 1 FROM users WHERE username_key = $1", username_key)
             ? Added::username_taken
             : Added::email_taken;
}

std::optional<User> find(db::Connection& connection, std::string_view name_or_email) {
  const auto wanted = key(name_or_email);
  return connection.first(
      "SELECT id, username, email, password, role, created, timezone FROM users "
      "WHERE username_key = $1 OR email_key = $1",
      {wanted}, user_from);
}

std::optional<User> find(db::Connection& connection, const UserId& id) {
  return connection.first(
      "SELECT id, username, email, password, role, created, timezone FROM users WHERE id = $1",
      {id}, user_from);
}

std::vector<User> list(db::Connection& connection) {
  std::vector<User> all;
  connection.query(
      "SELECT id, username, email, password, role, created, timezone FROM users ORDER BY id", {},
      [&](const db::Row& row) { all.push_back(user_from(row)); });
  return all;
}

bool set_password(db::Connection& connection, const UserId& id, std::string_view password) {
  return connection.execute("UPDATE users SET password = $2 WHERE id = $1", {id, password}) > 0;
}

bool set_timezone(db::Connection& connection, const UserId& id, std::string_view timezone) {
  return connection.execute("UPDATE users SET timezone = $2 WHERE id = $1", {id, timezone}) > 0;
}

bool remove(db::Connection& connection, const UserId& id) {
  return connection.execute("DELETE FROM users WHERE id = $1", {id}) > 0;
}

}  // namespace croft::auth::users

// Users in the database: SQL and nothing but SQL.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "base/ids.hpp"
#include "db/database.hpp"
#include "model/principal.hpp"

namespace croft::auth {

struct User {
  UserId id;
  std::string username;  // as its owner writes it; compared without case
  std::string email;
  std::string password;  // PHC string, never leaves auth
  Role role = Role::user;
  Instant created{};
  std::string timezone = "UTC";  // an IANA name
};

namespace users {

enum class Added { yes, username_taken, email_taken, not_first };

// The first account of all becomes admin. With `only_first`, refused when there is one already.
Added add(db::Connection&, User&, bool only_first);
// By username or e-mail address, without case.
std::optional<User> find(db::Connection&, std::string_view name_or_email);
std::optional<User> find(db::Connection&, const UserId&);
std::vector<User> list(db::Connection&);  // oldest first
bool set_password(db::Connection&, const UserId&, std::string_view password);
bool set_timezone(db::Connection&, const UserId&, std::string_view timezone);
bool remove(db::Connection&, const UserId&);

}  // namespace users
}  // namespace croft::auth

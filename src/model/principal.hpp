// Who is asking: the user behind a request, as the guard found out.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "base/clock.hpp"
#include "base/ids.hpp"

namespace croft {

enum class Role { user, admin };

inline std::string_view to_string(Role role) { return role == Role::admin ? "admin" : "user"; }

struct Principal {
  UserId user;
  std::string username;
  SessionId session;
  Role role = Role::user;
  Instant expires{};  // when the session ends by itself
};

}  // namespace croft

// Text as PostgreSQL can store it: UTF-8 without U+0000.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

namespace croft::db {

bool storable(std::string_view text);
// With U+FFFD in the place of what cannot be stored.
std::string made_storable(std::string_view text);

}  // namespace croft::db

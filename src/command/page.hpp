// Which part of a list is asked for: one user's entries, in the order of their ids.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>

#include "base/ids.hpp"

namespace croft::command {

struct Page {
  UserId owner;
  std::optional<DeviceId> device;
  std::string cursor;  // the id that the page before ended with; "" for the beginning
  int limit = 100;

  int rows() const { return limit + 1; }  // one more tells whether there is a next page
};

}  // namespace croft::command

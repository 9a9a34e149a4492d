// The calendar month, in UTC, that a reading belongs to: the part of the store it lies in.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string_view>

#include "db/database.hpp"

namespace croft::data {

// Named as "2026_11". Times are those of readings, from 1970 to 9999, or taken for the nearest
// such. `table` must outlive the part.
db::Part month_of(std::string_view table, std::int64_t time_ms);

}  // namespace croft::data

// The data service's tables.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>

#include "db/migrations.hpp"

namespace croft::data {

std::span<const db::Migration> migrations();

}  // namespace croft::data

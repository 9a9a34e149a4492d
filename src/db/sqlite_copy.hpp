// Copying the file of an embedded database, also while a Croft runs on it.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>

namespace croft::db {

// Writes `to` with everything that was committed in `from` at one moment; whoever writes to `from`
// meanwhile is neither stopped nor waited for. `to` is one file, without a log beside it, and on
// disk when this returns. Calls `on_progress` with the pages done, and of how many. Throws
// std::runtime_error with one clear line.
void copy_sqlite(const std::filesystem::path& from, const std::filesystem::path& to,
                 const std::function<void(std::int64_t done, std::int64_t of)>& on_progress);

}  // namespace croft::db

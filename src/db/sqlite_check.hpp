// Looks at a SQLite file from outside, beside a running server too: reads alone, never
// check-points.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string>

namespace croft::db {

// SQLite's quick_check: "" when the file is sound, else what is wrong with it, in one line. Reads
// the whole file; blocks. The file must exist.
std::string check_sqlite(const std::filesystem::path& file);

}  // namespace croft::db

// The table on disk, so that nodes can log in after the broker restarted before Croft is back.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>

namespace croft::broker::guard {

// The control text that was saved last; "" when there is no file yet, nothing when it is damaged or
// cannot be read (`why` says it).
std::optional<std::string> load_state(const std::string& path, std::string& why);
// Replaces the file in one step, readable by its owner alone; false (and `why`) on failure.
bool save_state(const std::string& path, const std::string& text, std::string& why);

}  // namespace croft::broker::guard

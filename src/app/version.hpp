// The version of Croft, as CMake knows it.
// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace croft::app {

inline constexpr const char* kVersion = CROFT_VERSION;

}  // namespace croft::app

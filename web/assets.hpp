// The dashboard's files, embedded in the program so that one binary is all there is to install.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <span>
#include <string_view>

namespace croft::web {

// One file as a browser asks for it. Everything lives as long as the program.
struct Asset {
  std::string_view
      path;  // "/src/main.js"; "/index.html" is the page; below /vendor/ with a hash in the name
  std::string_view content_type;  // with charset where there is one
  std::span<const std::byte> gzip;
  std::string_view etag;  // opaque text without quotes, different for different contents
};

// All files, sorted by path. May be called from any thread.
std::span<const Asset> assets();

}  // namespace croft::web

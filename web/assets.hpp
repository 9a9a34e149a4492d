// The dashboard's files, embedded in the program so that one binary is all there is to install.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <span>
#include <string_view>

namespace croft::web {

// One file as a browser asks for it. Everything lives as long as the program.
struct Asset {
  std::string_view path;          // "/src/main.js"; "/index.html" is the page itself
  std::string_view content_type;  // with charset where there is one
  std::span<const std::byte> gzip;
  std::string_view etag;  // strong, quoted as the header wants it; changes with the content only
};

// All files, sorted by path. May be called from any thread.
std::span<const Asset> assets();

}  // namespace croft::web

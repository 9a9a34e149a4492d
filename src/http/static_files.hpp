// Serves the dashboard's files from memory, where they lie compressed.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <span>
#include <string_view>

#include "http/message.hpp"

namespace croft::http {

// One embedded file. Everything it points to lives as long as the program.
struct Asset {
  std::string_view path;          // "/index.html"
  std::string_view content_type;  // "text/html; charset=utf-8"
  std::span<const std::byte> gzip;
  std::string_view etag;  // opaque text without quotes, different for different contents
};

// A Handler for Router::set_fallback. "/" and paths without a file extension that are no file
// answer /index.html (the pages of a single-page application); with an extension, 404. Files below
// /vendor/ carry their version in their name and may be kept for a year; all others are asked for
// again and answered 304 while they are the same. Clients without gzip get the inflated file.
Handler static_files(std::span<const Asset>);

}  // namespace croft::http

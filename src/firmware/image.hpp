// A signed image: one file that says for which board and version it is, and proves who made it.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace croft::firmware {

// The file is protocol::manifest(), the signature of it in base64 and a line feed, then the image.
struct Image {
  std::string board;
  std::string version;
  std::string sha256;     // of `bytes`
  std::string signature;  // base64
  std::string_view bytes;
};

// The signed file. Errors: invalid, with what is wrong in words.
Result<std::string> sign(std::string_view bytes, const std::string& board,
                         const std::string& version, const std::string& private_key);

// Reads a signed file and checks it against the keys (PEM), any of which may have signed it.
// `bytes` of the answer points into `file`. Errors: malformed, too_large; forbidden when none of
// the keys signed it.
Result<Image> open(std::string_view file, const std::vector<std::string>& public_keys);

}  // namespace croft::firmware

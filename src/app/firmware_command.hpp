// `croft firmware`: a key to sign with, signed images, and a look at one.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string>

namespace croft::app {

// What is done is printed. All throw std::runtime_error with one clear line.

// Writes the key to `file`, for its owner alone, and the public one to `file`.pub; never over a
// file that is there.
void firmware_key(const std::filesystem::path& file);

struct SignOrder {
  std::filesystem::path image;
  std::filesystem::path key;
  std::string board;
  std::string version;
  std::filesystem::path out;
};
void firmware_sign(const SignOrder&);
void firmware_check(const std::filesystem::path& file, const std::filesystem::path& public_key);

}  // namespace croft::app

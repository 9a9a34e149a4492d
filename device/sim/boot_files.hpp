// Each node's boot number in a file of its own, as a board keeps it in its flash.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

namespace croft::sim {

class BootFiles {
 public:
  /// Creates the directory; throws std::runtime_error with one line when it cannot. An empty path
  /// keeps nothing: load() knows of nothing and save() forgets.
  explicit BootFiles(std::filesystem::path directory);

  std::optional<std::uint32_t> load(const std::string& device) const;
  /// The new number replaces the old one in one step; false when it could not be written.
  bool save(const std::string& device, std::uint32_t boot) const;

 private:
  std::filesystem::path directory_;
};

}  // namespace croft::sim

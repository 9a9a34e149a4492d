// Boot numbers on disk: written beside and renamed, so that none is ever half there.
// SPDX-License-Identifier: Apache-2.0
#include "device/sim/boot_files.hpp"

#include <fstream>
#include <stdexcept>
#include <system_error>
#include <utility>

namespace croft::sim {

BootFiles::BootFiles(std::filesystem::path directory) : directory_(std::move(directory)) {
  if (directory_.empty()) return;
  std::error_code error;
  std::filesystem::create_directories(directory_, error);
  if (!std::filesystem::is_directory(directory_)) {
    throw std::runtime_error("cannot create " + directory_.string() + ": " + error.message());
  }
}

std::optional<std::uint32_t> BootFiles::load(const std::string& device) const {
  if (directory_.empty()) return std::nullopt;
  std::ifstream file(directory_ / (device + ".boot"));
  std::uint32_t boot = 0;
  if (!(file >> boot)) return std::nullopt;
  return boot;
}

bool BootFiles::save(const std::string& device, std::uint32_t boot) const {
  if (directory_.empty()) return true;
  const std::filesystem::path path = directory_ / (device + ".boot");
  std::filesystem::path beside = path;
  beside += ".new";
  std::ofstream file(beside, std::ios::trunc);
  file << boot << '\n';
  file.close();
  if (!file) return false;
  std::error_code error;
  std::filesystem::rename(beside, path, error);
  return !error;
}

}  // namespace croft::sim

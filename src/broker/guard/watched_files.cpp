// Compares what the file system says of the files with what it said before.
// SPDX-License-Identifier: Apache-2.0
#include "broker/guard/watched_files.hpp"

#include <sys/stat.h>

#include <utility>

namespace croft::broker::guard {
namespace {

constexpr std::chrono::seconds kPause{5};

}  // namespace

void WatchedFiles::add(std::string path) {
  paths_.push_back(std::move(path));
  known_ = seen_ = stamp();
}

std::string WatchedFiles::stamp() const {
  std::string all;
  for (const auto& path : paths_) {
    struct stat about{};
    if (::stat(path.c_str(), &about) != 0) return "";
    all += std::to_string(about.st_ino) + " " + std::to_string(about.st_size) + " " +
           std::to_string(about.st_mtim.tv_sec) + "." + std::to_string(about.st_mtim.tv_nsec) + " ";
  }
  return all;
}

bool WatchedFiles::changed(SteadyTime now) {
  if (paths_.empty() || now < next_) return false;
  next_ = now + kPause;
  auto present = stamp();
  const bool settled = present == std::exchange(seen_, present);
  if (!settled || present.empty() || present == known_) return false;
  known_ = std::move(present);
  return true;
}

}  // namespace croft::broker::guard

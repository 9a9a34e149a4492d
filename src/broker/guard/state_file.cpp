// Reading and atomically replacing the state file.
// SPDX-License-Identifier: Apache-2.0
#include "broker/guard/state_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <string_view>

namespace croft::broker::guard {
namespace {

constexpr std::string_view kFirst = "# croft-broker-guard 1\n";
constexpr std::string_view kLast = "# end\n";  // without it the file was cut short
constexpr off_t kMostBytes = 256 * 1024 * 1024;

bool failed(std::string& why, const std::string& what) {
  why = what + ": " + std::strerror(errno);
  return false;
}

bool write_all(int fd, std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = ::write(fd, text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return false;
    text.remove_prefix(static_cast<std::size_t>(written));
  }
  return true;
}

bool read_all(int fd, std::string& text) {
  struct stat about{};
  if (::fstat(fd, &about) != 0 || about.st_size > kMostBytes) return false;
  text.resize(static_cast<std::size_t>(about.st_size));
  std::size_t at = 0;
  while (at < text.size()) {
    const ssize_t count = ::read(fd, text.data() + at, text.size() - at);
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return false;
    at += static_cast<std::size_t>(count);
  }
  return true;
}

}  // namespace

std::optional<std::string> load_state(const std::string& path, std::string& why) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0 && errno == ENOENT) return std::string();
  std::string text;
  if (fd < 0 || !read_all(fd, text)) {
    failed(why, "cannot read " + path);
    if (fd >= 0) ::close(fd);
    return std::nullopt;
  }
  ::close(fd);
  if (!text.starts_with(kFirst) || !text.ends_with(kLast)) {
    why = path + " is damaged";
    return std::nullopt;
  }
  text.resize(text.size() - kLast.size());
  return text.substr(kFirst.size());
}

bool save_state(const std::string& path, const std::string& text, std::string& why) {
  const std::string fresh = path + ".new";
  const int fd = ::open(fresh.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (fd < 0) return failed(why, "cannot write " + fresh);
  const bool written =
      write_all(fd, kFirst) && write_all(fd, text) && write_all(fd, kLast) && ::fsync(fd) == 0;
  if (!written) failed(why, "cannot write " + fresh);
  ::close(fd);
  if (!written) return false;
  if (::rename(fresh.c_str(), path.c_str()) != 0) return failed(why, "cannot replace " + path);
  return true;
}

}  // namespace croft::broker::guard

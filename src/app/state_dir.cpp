// The state directory on disk.
// SPDX-License-Identifier: Apache-2.0
#include "app/state_dir.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <iterator>
#include <stdexcept>

#include "base/json.hpp"

namespace croft::app {
namespace {

std::string holder(int lock) {
  std::array<char, 32> text{};
  const auto got = ::pread(lock, text.data(), text.size() - 1, 0);
  return got > 0 ? std::string(text.data(), static_cast<std::size_t>(got)) : "unknown";
}

}  // namespace

StateDir::StateDir(std::filesystem::path path) : path_(std::move(path)) {
  std::error_code error;
  std::filesystem::create_directories(path_, error);
  if (error)
    throw std::runtime_error("cannot make the state directory " + path_.string() + ": " +
                             error.message());
  std::filesystem::permissions(path_, std::filesystem::perms::owner_all, error);
  path_ = std::filesystem::canonical(path_);
  const auto file = path_ / "lock";
  lock_ = ::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (lock_ < 0)
    throw std::runtime_error("cannot write in the state directory " + path_.string() + ": " +
                             std::strerror(errno));
  if (::flock(lock_, LOCK_EX | LOCK_NB) != 0) {
    const auto pid = holder(lock_);
    ::close(lock_);
    throw std::runtime_error("another Croft (process " + pid + ") already runs on " +
                             path_.string() + "; stop it or choose another --state-dir");
  }
  const auto pid = std::to_string(::getpid());
  if (::ftruncate(lock_, 0) != 0 || ::pwrite(lock_, pid.data(), pid.size(), 0) < 0) {
    ::close(lock_);
    throw std::runtime_error("cannot write in the state directory " + path_.string() + ": " +
                             std::strerror(errno));
  }
}

StateDir::~StateDir() { ::close(lock_); }

void StateDir::tell_ports(std::uint16_t http, std::uint16_t mqtt, std::uint16_t mqtts) const {
  JsonWriter json;
  json.begin_object();
  json.member("http", http);
  json.member("mqtt", mqtt);
  if (mqtts != 0) json.member("mqtts", mqtts);
  json.member("pid", ::getpid());
  json.end_object();
  const auto fresh = path_ / "ports.json.new";
  std::ofstream(fresh) << json.view() << '\n';
  std::filesystem::rename(fresh, path_ / "ports.json");
}

void StateDir::forget_ports() const {
  std::error_code ignored;
  std::filesystem::remove(path_ / "ports.json", ignored);
}

std::filesystem::path socket_in(const std::filesystem::path& state_dir) {
  return state_dir / "croft.sock";
}

Ports ports_of(const std::filesystem::path& state_dir) {
  std::ifstream in(state_dir / "ports.json");
  const std::string text((std::istreambuf_iterator<char>(in)), {});
  JsonFields fields(text);
  const Ports ports{static_cast<std::uint16_t>(fields.number("http")),
                    static_cast<std::uint16_t>(fields.number("mqtt"))};
  if (fields.error())
    throw std::runtime_error("no Croft runs on " + state_dir.string() +
                             "; start one with: croft serve --state-dir " + state_dir.string());
  return ports;
}

}  // namespace croft::app

// The state directory: made private, held by one Croft at a time, and telling others its ports.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>

namespace croft::app {

class StateDir {
 public:
  // Makes the directory (mode 0700) and takes its lock. Throws std::runtime_error with one clear
  // line when another Croft holds it or it cannot be written.
  explicit StateDir(std::filesystem::path);
  StateDir(const StateDir&) = delete;
  StateDir& operator=(const StateDir&) = delete;
  ~StateDir();

  const std::filesystem::path& path() const { return path_; }
  // ports.json: {"http":8080,"mqtt":1883,"pid":4711}, written when ready, removed at the end, so
  // that scripts need not guess. With "mqtts" when the broker listens with TLS.
  void tell_ports(std::uint16_t http, std::uint16_t mqtt, std::uint16_t mqtts) const;
  void forget_ports() const;

 private:
  std::filesystem::path path_;
  int lock_ = -1;
};

std::filesystem::path socket_in(const std::filesystem::path& state_dir);

struct Ports {
  std::uint16_t http = 0;
  std::uint16_t mqtt = 0;
};
// What a running Croft told; throws std::runtime_error when none runs there.
Ports ports_of(const std::filesystem::path& state_dir);

}  // namespace croft::app

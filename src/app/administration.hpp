// The commands `croft user` and `croft device`, spoken to a running Croft over its local socket.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace croft::app {

// Every function throws std::runtime_error with one line for the person at the terminal.
class Administration {
 public:
  explicit Administration(std::filesystem::path state_dir) : state_dir_(std::move(state_dir)) {}

  // Without a password one is made; the answer is the password then.
  std::optional<std::string> add_user(const std::string& name, const std::string& email,
                                      std::optional<std::string> password) const;
  std::optional<std::string> reset_password(const std::string& name,
                                            std::optional<std::string> password) const;
  void remove_user(const std::string& name) const;
  struct User {
    std::string username;
    std::string email;
    std::string role;
  };
  std::vector<User> users() const;
  // The named one; without a name the only one there is.
  std::string pick_user(const std::string& name) const;

  struct Device {
    std::string id;
    std::string name;
    bool online = false;
    std::string secret;  // only of a device just made or rotated
  };
  Device add_device(const std::string& user, const std::string& name) const;
  std::vector<Device> devices(const std::string& user) const;
  Device rotate_device(const std::string& id) const;
  void remove_device(const std::string& id) const;

 private:
  std::filesystem::path state_dir_;
};

}  // namespace croft::app

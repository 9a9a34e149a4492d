// The other services' side: keeps their copy of the directory as auth tells it, and remembers it on
// disk, so that they can start while auth is away.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/task.hpp"
#include "live/feed.hpp"
#include "model/device.hpp"
#include "model/user.hpp"
#include "mqtt/client.hpp"
#include "relay/directory_news.hpp"

namespace croft::relay {

// After each connect it asks. Until the answer comes, what it hears may be old, out of the queue
// that the broker kept for it: it then takes what is new to it, and lets nothing go. Removing a
// device deletes its readings.
//
// Changes reach the feed as if auth were here: device_registered, device_renamed, device_removed,
// user_changed, user_removed. On the loop; everything must outlive it.
class Follower {
 public:
  struct Needs {
    mqtt::Client& mqtt;
    live::Feed& feed;
    DeviceDirectory& devices;
    UserDirectory& users;
    std::string self;            // who asks: a service's name
    std::filesystem::path file;  // of the copy
  };
  // `on_key` is called whenever auth tells the key that tokens are checked with.
  Follower(Needs, std::function<void(const std::string& key)> on_key);
  Follower(const Follower&) = delete;
  Follower& operator=(const Follower&) = delete;
  ~Follower();

  // Reads the copy; false when there is none, or none that can be used. Before the client runs.
  bool load();
  // Whether auth has answered since the last connect.
  bool fresh() const { return fresh_; }
  // Called each time the whole directory was told, and is not old.
  void on_fresh(std::function<void()> then) { then_ = std::move(then); }

 private:
  void ask();
  void hear(std::string_view payload);
  void gather(DirectoryNews);
  void replace(const DirectoryNews& whole);
  void apply(const DirectoryNews& change);
  void put(const DeviceEntry&);
  void put(const UserEntry&);
  void remove(const DeviceId&);
  void remove(const UserId&);
  void save_soon();
  void save();

  Needs needs_;
  std::function<void(const std::string&)> on_key_;
  std::function<void()> then_;
  std::optional<DirectoryNews> gathered_;  // the pieces so far
  std::string key_;
  std::string question_;
  asio::steady_timer ask_again_;
  asio::steady_timer save_at_;
  bool unsaved_ = false;
  bool fresh_ = false;
};

}  // namespace croft::relay

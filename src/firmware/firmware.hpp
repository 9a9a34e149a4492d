// Images of nodes' firmware: taken when a known key has signed them, kept, listed, deleted.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/task.hpp"
#include "db/database.hpp"
#include "http/router.hpp"
#include "live/feed.hpp"

namespace croft::firmware {

struct Config {
  std::vector<std::string> keys;  // public, PEM; any of them may have signed an image
};

struct Needs {
  Executor loop;
  db::Database& database;
  live::Feed& feed;
  const Clock& clock;
};

class Service {
 public:
  Service(Config, Needs);

  // Migrates, and tries the keys: throws std::runtime_error for one that is none. Blocks; call
  // before the loop runs.
  void start();
  void mount(http::Router&);

 private:
  Task<void> forget(UserId owner);

  Config config_;
  Needs needs_;
  std::shared_ptr<void> removed_users_;
};

}  // namespace croft::firmware

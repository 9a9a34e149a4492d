// This process as one of several of its service: one is at work, the others stand by.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/asio/io_context.hpp>
#include <filesystem>
#include <string>

#include "base/task.hpp"
#include "db/lease.hpp"

namespace croft::app {

// Who is at work holds a lease in the database; see docs/decisions/0015-replicas.md.
class Replica {
 public:
  // A file in `state_dir` keeps who we are, so that after a crash we need not wait for ourselves.
  Replica(db::Database&, std::string service, const std::filesystem::path& state_dir);

  // Returns when it is our turn to work. Runs the loop. Throws Stopped after SIGINT or SIGTERM.
  void wait_for_turn(asio::io_context&);
  // Inside each transaction that writes: when another is at work instead of us, nothing that we
  // have begun may have an effect, and the process ends on the spot.
  void check(db::Connection&) const;
  // Keeps the lease.
  Task<void> run();
  // Another may begin at once.
  Task<void> give_back();

 private:
  std::string service_;
  db::Database& database_;
  db::Lease lease_;
  bool leaving_ = false;
};

}  // namespace croft::app

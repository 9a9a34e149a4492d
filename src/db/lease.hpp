// Who of several processes may write: a lease in the database, checked inside every transaction.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <string>

#include "db/database.hpp"

namespace croft::db {

// For PostgreSQL, whose clock it goes by: those of the holders need not agree. Writers wait for
// each other, so whoever takes a lease does so when no transaction of its last holder is under way,
// and none can begin afterwards without held() saying no.
class Lease {
 public:
  // `holder` is whoever asks: it takes over its own lease at once, as after a crash.
  Lease(Database&, std::string name, std::string holder, std::chrono::milliseconds length);

  // Blocks. True when it is ours from now on; false while it is somebody else's. Throws Broken.
  bool take();
  bool taken() const { return token_ != 0; }
  // Inside a transaction that writes. True before it was taken, too.
  bool held(Connection&) const;
  // Inside a transaction, from time to time; a lease that ran out and that nobody took goes on.
  void renew(Connection&) const;
  // Inside a transaction: others may take it at once.
  void give_back(Connection&) const;

 private:
  Database& database_;
  std::string name_;
  std::string holder_;
  std::int64_t length_ms_;
  std::atomic<std::int64_t> token_ = 0;  // grows with each taking
};

}  // namespace croft::db

// Who is logged in: sessions with a lifetime, ended at once everywhere.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/ids.hpp"
#include "base/result.hpp"
#include "base/task.hpp"

namespace croft::sessions {

struct Session {
  SessionId id;
  UserId user;
  Instant started{};
  Instant expires{};
  std::string remote;      // where it was started from
  std::string user_agent;  // as the client said, cut to 200 bytes
};

// One contract, one driver a file; the tests run against each. Errors: unavailable when the store
// does not answer (then nobody is let in).
class Store {
 public:
  // So many sessions a user has at the most; the oldest makes room, so that logging in again and
  // again cannot fill the store.
  static constexpr std::size_t kMostPerUser = 100;

  virtual ~Store() = default;
  virtual Task<Result<>> put(const Session&) = 0;
  // The session when it exists and has not expired; not_found otherwise.
  virtual Task<Result<Session>> find(const SessionId&) = 0;
  // When this succeeds, the session is dead for everybody who asks the store.
  virtual Task<Result<>> end(const SessionId&) = 0;
  // Ends every session of a user but `except`; tells which ended.
  virtual Task<Result<std::vector<SessionId>>> end_all(const UserId&, const SessionId& except) = 0;
  virtual Task<Result<std::vector<Session>>> of_user(const UserId&) = 0;

  // Told of every session that anybody ended. A store that could lose what it was told last makes
  // sure that the session stays ended.
  virtual void remember_ended(const SessionId&) {}
  // "" when it answers, else what is the matter. Costs nothing.
  virtual std::string missing() const { return ""; }
};

}  // namespace croft::sessions

// Sessions in this process: fast, and gone with it.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <unordered_map>

#include "sessions/store.hpp"

namespace croft::sessions {

// On the loop.
class Memory final : public Store {
 public:
  explicit Memory(const Clock& clock) : clock_(clock) {}
  Task<Result<>> put(const Session&) override;
  Task<Result<Session>> find(const SessionId&) override;
  Task<Result<>> end(const SessionId&) override;
  Task<Result<std::vector<SessionId>>> end_all(const UserId&, const SessionId& except) override;
  Task<Result<std::vector<Session>>> of_user(const UserId&) override;

 private:
  void erase(const SessionId&);
  void drop_expired(const UserId&);

  const Clock& clock_;
  std::unordered_map<SessionId, Session> sessions_;
  std::unordered_map<UserId, std::vector<SessionId>> by_user_;  // oldest first
};

}  // namespace croft::sessions

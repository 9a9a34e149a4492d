// Sessions in Redis: shared by every process of Croft, and there after a restart of any of them.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <deque>
#include <memory>
#include <unordered_map>

#include "redis/client.hpp"
#include "sessions/store.hpp"

namespace croft::sessions {

// croft:session:<id> is a hash that Redis itself lets expire; croft:sessions:<user> lists the ids
// of a user, oldest first. What touches both is a script, so nothing comes between.
//
// A Redis that comes back with old data would bring ended sessions back. So the store remembers
// what was ended, here and elsewhere (remember_ended), until it would have expired anyway: it lets
// none of these in, and ends them in Redis again at each connect. On the loop.
class Redis final : public Store {
 public:
  static constexpr std::size_t kMostEnded = 20'000;  // remembered; beyond it the oldest goes

  // `longest`: the lifetime of a session. The client must outlive the store.
  Redis(redis::Client&, const Clock&, Seconds longest);
  Task<Result<>> put(const Session&) override;
  Task<Result<Session>> find(const SessionId&) override;
  Task<Result<>> end(const SessionId&) override;
  Task<Result<std::vector<SessionId>>> end_all(const UserId&, const SessionId& except) override;
  Task<Result<std::vector<Session>>> of_user(const UserId&) override;
  void remember_ended(const SessionId&) override;
  std::string missing() const override { return client_.missing(); }

 private:
  Task<void> on_connected();

  redis::Client& client_;
  const Clock& clock_;
  const Seconds longest_;
  std::unordered_map<SessionId, Instant> ended_;  // until when to remember
  std::deque<SessionId> ended_order_;
  bool durability_told_ = false;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);  // for what the client still calls
};

}  // namespace croft::sessions

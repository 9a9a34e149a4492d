// The in-process session store.
// SPDX-License-Identifier: Apache-2.0
#include "sessions/memory.hpp"

#include <algorithm>

namespace croft::sessions {

void Memory::erase(const SessionId& id) {
  const auto found = sessions_.find(id);
  if (found == sessions_.end()) return;
  const auto user = by_user_.find(found->second.user);
  std::erase(user->second, id);
  if (user->second.empty()) by_user_.erase(user);
  sessions_.erase(found);
}

void Memory::drop_expired(const UserId& user) {
  const auto found = by_user_.find(user);
  if (found == by_user_.end()) return;
  const auto ids = found->second;
  for (const auto& id : ids)
    if (sessions_.at(id).expires <= clock_.now()) erase(id);
}

Task<Result<>> Memory::put(const Session& session) {
  drop_expired(session.user);
  if (const auto user = by_user_.find(session.user);
      user != by_user_.end() && user->second.size() >= kMostPerUser)
    erase(SessionId(user->second.front()));
  by_user_[session.user].push_back(session.id);
  sessions_[session.id] = session;
  co_return Result<>();
}

Task<Result<Session>> Memory::find(const SessionId& id) {
  const auto found = sessions_.find(id);
  if (found == sessions_.end()) co_return fail(Code::not_found, "the session has ended");
  if (found->second.expires <= clock_.now()) {
    erase(SessionId(id));
    co_return fail(Code::not_found, "the session has expired");
  }
  co_return found->second;
}

Task<Result<>> Memory::end(const SessionId& id) {
  erase(SessionId(id));
  co_return Result<>();
}

Task<Result<std::vector<SessionId>>> Memory::end_all(const UserId& user, const SessionId& except) {
  std::vector<SessionId> ended;
  if (const auto found = by_user_.find(user); found != by_user_.end()) ended = found->second;
  std::erase(ended, except);
  for (const auto& id : ended) erase(id);
  co_return ended;
}

Task<Result<std::vector<Session>>> Memory::of_user(const UserId& user) {
  drop_expired(user);
  std::vector<Session> list;
  if (const auto found = by_user_.find(user); found != by_user_.end())
    for (const auto& id : found->second) list.push_back(sessions_.at(id));
  co_return list;
}

}  // namespace croft::sessions

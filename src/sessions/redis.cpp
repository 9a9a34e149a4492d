// The session store in Redis: keys, scripts, and a memory of what has ended.
// SPDX-License-Identifier: Apache-2.0
#include "sessions/redis.hpp"

#include <algorithm>
#include <charconv>
#include <optional>

#include "base/log.hpp"

namespace croft::sessions {
namespace {

using redis::Reply;

constexpr std::string_view kSessionPrefix = "croft:session:";
constexpr std::string_view kUserPrefix = "croft:sessions:";
constexpr std::size_t kEndedAtOnce = 500;

// Keys: the session, the user's list. Arguments: id, milliseconds left, most per user, session
// prefix, then the fields.
constexpr std::string_view kPut = R"(
redis.call('HSET', KEYS[1], 'user', ARGV[5], 'started', ARGV[6], 'expires', ARGV[7], 'remote', ARGV[8], 'agent', ARGV[9])
redis.call('PEXPIRE', KEYS[1], ARGV[2])
local most = tonumber(ARGV[3])
if redis.call('LLEN', KEYS[2]) >= most then
  for _, id in ipairs(redis.call('LRANGE', KEYS[2], 0, -1)) do
    if redis.call('EXISTS', ARGV[4] .. id) == 0 then redis.call('LREM', KEYS[2], 0, id) end
  end
  while redis.call('LLEN', KEYS[2]) >= most do
    redis.call('DEL', ARGV[4] .. redis.call('LPOP', KEYS[2]))
  end
end
redis.call('RPUSH', KEYS[2], ARGV[1])
if redis.call('PTTL', KEYS[2]) < tonumber(ARGV[2]) then redis.call('PEXPIRE', KEYS[2], ARGV[2]) end
return 1)";

// Arguments: session prefix, user prefix, then the ids.
constexpr std::string_view kEnd = R"(
for i = 3, #ARGV do
  local key = ARGV[1] .. ARGV[i]
  local user = redis.call('HGET', key, 'user')
  redis.call('DEL', key)
  if user then redis.call('LREM', ARGV[2] .. user, 0, ARGV[i]) end
end
return 1)";

// Keys: the user's list. Arguments: session prefix, the id to spare.
constexpr std::string_view kEndAll = R"(
local ended = {}
for _, id in ipairs(redis.call('LRANGE', KEYS[1], 0, -1)) do
  if id ~= ARGV[2] then
    redis.call('DEL', ARGV[1] .. id)
    redis.call('LREM', KEYS[1], 0, id)
    table.insert(ended, id)
  end
end
return ended)";

// Keys: the user's list. Arguments: session prefix. Answers id and fields of each.
constexpr std::string_view kOfUser = R"(
local found = {}
for _, id in ipairs(redis.call('LRANGE', KEYS[1], 0, -1)) do
  table.insert(found, id)
  table.insert(found, redis.call('HMGET', ARGV[1] .. id, 'user', 'started', 'expires', 'remote', 'agent'))
end
return found)";

std::string key_of(const SessionId& id) { return std::string(kSessionPrefix) + id.str(); }
std::string key_of(const UserId& id) { return std::string(kUserPrefix) + id.str(); }

Error unavailable(const Error& why) {
  Error error =
      fail(Code::unavailable, "who is logged in cannot be looked up now; try again in a moment");
  error.retry_after_seconds = std::max(1, why.retry_after_seconds);
  return error;
}

bool read_instant(const Reply& reply, Instant& at) {
  std::int64_t ms = 0;
  const auto* end = reply.text.data() + reply.text.size();
  const auto [stop, error] = std::from_chars(reply.text.data(), end, ms);
  at = instant_from_ms(ms);
  return error == std::errc() && stop == end && !reply.text.empty();
}

// Nothing when it is not there, or is not what put() wrote.
std::optional<Session> read_session(const SessionId& id, const Reply& fields) {
  if (fields.kind != Reply::Kind::list || fields.items.size() != 5) return std::nullopt;
  const auto& field = fields.items;
  Session session{id, UserId(field[0].text), {}, {}, field[3].text, field[4].text};
  if (session.user.empty() || !read_instant(field[1], session.started) ||
      !read_instant(field[2], session.expires))
    return std::nullopt;
  return session;
}

}  // namespace

Redis::Redis(redis::Client& client, const Clock& clock, Seconds longest)
    : client_(client), clock_(clock), longest_(longest) {
  client_.on_connected([this, weak = std::weak_ptr<bool>(alive_)] {
    if (weak.lock()) spawn(client_.executor(), "sessions", on_connected());
  });
}

Task<Result<>> Redis::put(const Session& session) {
  const auto left = session.expires - clock_.now();
  std::vector<std::string> keys{key_of(session.id), key_of(session.user)};
  std::vector<std::string> arguments{session.id.str(),
                                     std::to_string(std::max<std::int64_t>(left.count(), 0)),
                                     std::to_string(kMostPerUser),
                                     std::string(kSessionPrefix),
                                     session.user.str(),
                                     std::to_string(to_ms(session.started)),
                                     std::to_string(to_ms(session.expires)),
                                     session.remote,
                                     session.user_agent};
  const auto done = co_await client_.run_script(kPut, std::move(keys), std::move(arguments));
  if (!done) co_return unavailable(done.error());
  co_return Result<>();
}

Task<Result<Session>> Redis::find(const SessionId& id) {
  const auto ended = fail(Code::not_found, "the session has ended");
  if (ended_.contains(id)) co_return ended;
  redis::Command command{"HMGET", key_of(id), "user", "started", "expires", "remote", "agent"};
  const auto fields = co_await client_.ask(std::move(command));
  if (!fields) co_return unavailable(fields.error());
  auto session = read_session(id, *fields);
  // It may have been ended while we asked.
  if (!session || session->expires <= clock_.now() || ended_.contains(id)) co_return ended;
  co_return std::move(*session);
}

Task<Result<>> Redis::end(const SessionId& id) {
  std::vector<std::string> arguments{std::string(kSessionPrefix), std::string(kUserPrefix),
                                     id.str()};
  const auto done = co_await client_.run_script(kEnd, {}, std::move(arguments));
  if (!done) co_return unavailable(done.error());
  remember_ended(id);
  co_return Result<>();
}

Task<Result<std::vector<SessionId>>> Redis::end_all(const UserId& user, const SessionId& except) {
  std::vector<std::string> keys{key_of(user)};
  std::vector<std::string> arguments{std::string(kSessionPrefix), except.str()};
  const auto done = co_await client_.run_script(kEndAll, std::move(keys), std::move(arguments));
  if (!done) co_return unavailable(done.error());
  std::vector<SessionId> ended;
  for (const auto& id : done->items) ended.emplace_back(id.text);
  for (const auto& id : ended) remember_ended(id);
  co_return ended;
}

Task<Result<std::vector<Session>>> Redis::of_user(const UserId& user) {
  std::vector<std::string> keys{key_of(user)};
  std::vector<std::string> arguments{std::string(kSessionPrefix)};
  const auto found = co_await client_.run_script(kOfUser, std::move(keys), std::move(arguments));
  if (!found) co_return unavailable(found.error());
  std::vector<Session> list;
  for (std::size_t i = 0; i + 1 < found->items.size(); i += 2) {
    auto session = read_session(SessionId(found->items[i].text), found->items[i + 1]);
    if (session && session->expires > clock_.now() && !ended_.contains(session->id))
      list.push_back(std::move(*session));
  }
  co_return list;
}

void Redis::remember_ended(const SessionId& id) {
  const auto now = clock_.now();
  while (!ended_order_.empty() &&
         (ended_.size() >= kMostEnded || ended_.at(ended_order_.front()) <= now)) {
    ended_.erase(ended_order_.front());
    ended_order_.pop_front();
  }
  if (ended_.emplace(id, now + longest_).second) ended_order_.push_back(id);
}

// Ends again what has ended, and says once what a crash of this Redis would cost.
Task<void> Redis::on_connected() {
  const std::vector<SessionId> again(ended_order_.begin(), ended_order_.end());
  for (std::size_t i = 0; i < again.size(); i += kEndedAtOnce) {
    std::vector<std::string> arguments{std::string(kSessionPrefix), std::string(kUserPrefix)};
    for (auto j = i; j < std::min(again.size(), i + kEndedAtOnce); ++j)
      arguments.push_back(again[j].str());
    const auto done = co_await client_.run_script(kEnd, {}, std::move(arguments));
    if (!done) co_return;  // it is lost once more, and will be connected once more
  }
  if (std::exchange(durability_told_, true)) co_return;
  redis::Command command{"INFO", "persistence"};
  const auto info = co_await client_.ask(std::move(command));
  if (info && info->text.find("aof_enabled:0") != std::string::npos)
    log::warning("sessions",
                 "Redis keeps no append-only file; if it crashes, people must log in again, or "
                 "sessions that had ended come back from an old snapshot. Set appendonly yes and "
                 "appendfsync always (docs/decisions/0010-redis.md)");
}

}  // namespace croft::sessions

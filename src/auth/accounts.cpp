// Accounts: rules for names and passwords, sessions made and ended.
// SPDX-License-Identifier: Apache-2.0
#include "auth/accounts.hpp"

#include <date/tz.h>

#include <algorithm>

#include "auth/device_store.hpp"
#include "base/log.hpp"

namespace croft::auth {
namespace {

constexpr limits::Limit kSignUps{"sign_ups", 200, Seconds(1)};  // by address
// By account and address, so that a stranger cannot lock the owner out.
constexpr limits::Limit kLogIns{"log_ins", 10, Seconds(30)};
constexpr limits::Limit kWrong{"wrong_passwords", 200, Seconds(1)};  // by address

bool plain(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
         c == '-' || c == '.';
}

// No '@', so that a username can never be taken for somebody's address.
bool valid_username(std::string_view name) {
  return !name.empty() && name.size() <= 64 && std::all_of(name.begin(), name.end(), plain);
}

// One '@' with something on both sides and nothing that could end a mail header. Whether the
// address exists only a mail can tell.
bool valid_email(std::string_view email) {
  if (email.size() > 254 || std::count(email.begin(), email.end(), '@') != 1) return false;
  const auto at = email.find('@');
  if (at == 0 || at + 1 == email.size()) return false;
  return std::all_of(email.begin(), email.end(), [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte > 0x20 && byte != 0x7f &&
           std::string_view("<>()[],;:\\\"").find(c) == std::string_view::npos;
  });
}

Result<> check(const NewAccount& account) {
  Error error{Code::invalid, ""};
  if (!valid_username(account.username))
    error.fields.push_back({"username", "must have 1 to 64 of the characters a-z A-Z 0-9 _ - ."});
  if (!valid_email(account.email)) error.fields.push_back({"email", "must be an e-mail address"});
  if (const auto weak = security::weakness(account.password, account.username))
    error.fields.push_back({"password", *weak});
  if (error.fields.empty()) return Result<>();
  error.message = error.fields.front().field + " " + error.fields.front().message;
  return error;
}

Error conflict(const char* field, const char* message) {
  Error error = invalid_field(field, message);
  error.code = Code::conflict;
  return error;
}

Result<User> told(users::Added added, User user) {
  switch (added) {
    case users::Added::yes:
      return user;
    case users::Added::username_taken:
      return conflict("username", "is taken");
    case users::Added::email_taken:
      return conflict("email", "belongs to another account");
    case users::Added::not_first:
      break;
  }
  return fail(Code::forbidden, "sign-up is closed; ask the administrator for an account");
}

bool is_timezone(const std::string& name) {
  try {
    return date::locate_zone(name) != nullptr;
  } catch (const std::runtime_error&) {
    return false;
  }
}

UserEntry entry_of(const User& user) { return {user.id, user.username, user.email, user.timezone}; }

}  // namespace

Accounts::Accounts(const Config& config, const Needs& needs) : config_(config), needs_(needs) {}

void Accounts::load() {
  for (const auto& user : needs_.database.read_now(users::list)) needs_.users.put(entry_of(user));
}

void Accounts::tell(const User& user) {
  needs_.users.put(entry_of(user));
  needs_.feed.user_changed.publish({entry_of(user)});
}

Task<Result<User>> Accounts::sign_up(NewAccount account, const std::string& remote) {
  if (config_.signup == Signup::closed) co_return told(users::Added::not_first, {});
  const auto allowed = co_await needs_.limits.take(kSignUps, remote);
  if (!allowed) co_return allowed.error();
  auto made = co_await create(std::move(account), config_.signup == Signup::first);
  co_return made;
}

Task<Result<User>> Accounts::add(NewAccount account) {
  auto made = co_await create(std::move(account), false);
  co_return made;
}

Task<Result<User>> Accounts::create(NewAccount account, bool only_first) {
  if (auto fine = check(account); !fine) co_return fine.error();
  auto hash = co_await passwords_.hash(std::move(account.password));
  if (!hash) co_return hash.error();
  User user{UserId(new_id()), account.username,  account.email, *hash,
            Role::user,       needs_.clock.now()};
  auto insert = [&user, only_first](db::Connection& connection) {
    return users::add(connection, user, only_first);
  };
  const auto added = co_await needs_.database.write(insert);
  if (added == users::Added::yes) {
    tell(user);
    log::info("auth", "account made", {{"user", user.id.str()}, {"role", to_string(user.role)}});
  }
  co_return told(added, std::move(user));
}

Task<Result<LoggedIn>> Accounts::log_in(std::string name, std::string password, Origin origin) {
  const auto account_key = name + ' ' + origin.remote;
  auto allowed = co_await needs_.limits.check(kWrong, origin.remote);
  if (allowed) allowed = co_await needs_.limits.take(kLogIns, account_key);
  if (!allowed) co_return allowed.error();
  auto look_up = [name](db::Connection& connection) { return users::find(connection, name); };
  auto user = co_await needs_.database.read(look_up);
  std::optional<std::string> stored;
  if (user) stored = user->password;
  const auto right = co_await passwords_.verify(std::move(password), std::move(stored));
  if (!right) {
    if (right.error().code == Code::unauthenticated) {
      // An answer that nobody counts would be one more guess.
      const auto counted = co_await needs_.limits.take(kWrong, origin.remote);
      if (!counted && counted.error().code == Code::unavailable) co_return counted.error();
      log::info("auth", "log-in refused", {{"remote", origin.remote}});
    }
    co_return right.error();
  }
  co_await needs_.limits.forgive(kLogIns, account_key);

  const auto now = needs_.clock.now();
  const Principal principal{user->id, user->username, SessionId(random_token(32)), user->role,
                            std::chrono::floor<Seconds>(now) + config_.session_lifetime};
  const sessions::Session session{principal.session, user->id,      now,
                                  principal.expires, origin.remote, origin.user_agent};
  const auto kept = co_await needs_.sessions.put(session);
  if (!kept) co_return kept.error();
  // Whoever changes a password ends the sessions that are there; this one may have come too late.
  const auto then = co_await needs_.database.read(look_up);
  if (!then || then->password != user->password) {
    const auto ended = co_await needs_.sessions.end(session.id);
    if (!ended) co_return ended.error();
    co_return fail(Code::unauthenticated, "the username or the password is wrong");
  }
  LoggedIn answer{security::sign_token(needs_.signing_key, principal, now), principal.expires,
                  std::move(*user)};
  co_return answer;
}

Task<Result<>> Accounts::log_out(const Principal& principal) {
  const auto session = principal.session;
  const auto ended = co_await needs_.sessions.end(session);
  if (!ended) co_return ended.error();
  needs_.feed.session_ended.publish({session});
  co_return Result<>();
}

Task<Result<User>> Accounts::me(const Principal& principal) {
  const auto id = principal.user;
  auto look_up = [id](db::Connection& connection) { return users::find(connection, id); };
  auto user = co_await needs_.database.read(look_up);
  if (!user) co_return fail(Code::unauthenticated, "the account no longer exists");
  co_return *user;
}

Task<Result<User>> Accounts::set_timezone(const Principal& principal, std::string timezone) {
  if (!is_timezone(timezone))
    co_return invalid_field("timezone", "must be an IANA name such as Europe/Paris");
  const auto id = principal.user;
  auto store = [id, timezone](db::Connection& connection) {
    users::set_timezone(connection, id, timezone);
    return users::find(connection, id);
  };
  const auto user = co_await needs_.database.write(store);
  if (!user) co_return fail(Code::unauthenticated, "the account no longer exists");
  tell(*user);
  co_return *user;
}

Task<std::vector<User>> Accounts::list() {
  auto all = co_await needs_.database.read(users::list);
  co_return all;
}

Task<Result<User>> Accounts::find(std::string name) {
  auto look_up = [name](db::Connection& connection) { return users::find(connection, name); };
  auto user = co_await needs_.database.read(look_up);
  if (!user) co_return fail(Code::not_found, "there is no account named " + name);
  co_return *user;
}

Task<Result<User>> Accounts::reset_password(std::string name, std::string password) {
  auto user = co_await find(std::move(name));
  if (!user) co_return user.error();
  if (const auto weak = security::weakness(password, user->username))
    co_return invalid_field("password", *weak);
  const auto hash = co_await passwords_.hash(std::move(password));
  if (!hash) co_return hash.error();
  const auto replaced = co_await replace_password(user->id, *hash, SessionId());
  if (!replaced) co_return replaced.error();
  co_return *user;
}

Task<Result<>> Accounts::remove(std::string name) {
  auto user = co_await find(std::move(name));
  if (!user) co_return user.error();
  const auto still_has_devices =
      fail(Code::conflict, "the account still has devices; remove them first");
  auto count = [id = user->id](db::Connection& connection) {
    return devices::count(connection, id);
  };
  const auto has = co_await needs_.database.read(count);
  if (has > 0) co_return still_has_devices;
  auto ended = co_await end_sessions(user->id);
  if (!ended) co_return ended.error();
  auto erase = [id = user->id](db::Connection& connection) {
    if (devices::count(connection, id) > 0) return false;
    return users::remove(connection, id);
  };
  const bool removed = co_await needs_.database.write(erase);
  if (!removed) co_return still_has_devices;
  needs_.users.remove(user->id);
  needs_.feed.user_removed.publish({user->id});
  ended = co_await end_sessions(user->id);
  co_return ended;
}

Task<Result<>> Accounts::end_sessions(UserId user, SessionId except) {
  const auto ended = co_await needs_.sessions.end_all(user, except);
  if (!ended) co_return ended.error();
  for (const auto& session : *ended) needs_.feed.session_ended.publish({session});
  co_return Result<>();
}

Task<Result<>> Accounts::change_password(const Principal& principal, std::string current,
                                         std::string password, std::string remote) {
  const auto id = principal.user;
  const auto session = principal.session;
  const auto account_key = principal.username + ' ' + remote;
  const auto allowed = co_await needs_.limits.take(kLogIns, account_key);
  if (!allowed) co_return allowed.error();
  auto look_up = [id](db::Connection& connection) { return users::find(connection, id); };
  const auto user = co_await needs_.database.read(look_up);
  if (!user) co_return fail(Code::unauthenticated, "the account no longer exists");
  const auto right = co_await passwords_.verify(std::move(current), user->password);
  if (!right && right.error().code != Code::unauthenticated) co_return right.error();
  if (!right) co_return invalid_field("current", "is not your password");
  co_await needs_.limits.forgive(kLogIns, account_key);
  if (const auto weak = security::weakness(password, user->username))
    co_return invalid_field("password", *weak);
  const auto hash = co_await passwords_.hash(std::move(password));
  if (!hash) co_return hash.error();
  auto replaced = co_await replace_password(id, *hash, session);
  co_return replaced;
}

Task<Result<>> Accounts::replace_password(UserId id, std::string hash, SessionId except) {
  // First, so that nothing has changed when the store of sessions does not answer.
  auto ended = co_await end_sessions(id, except);
  if (!ended) co_return ended.error();
  auto store = [id, hash](db::Connection& connection) {
    return users::set_password(connection, id, hash);
  };
  co_await needs_.database.write(store);
  // Again, for whoever logged in with the old password meanwhile.
  ended = co_await end_sessions(id, except);
  co_return ended;
}

Task<Result<std::vector<sessions::Session>>> Accounts::list_sessions(const Principal& principal) {
  auto found = co_await needs_.sessions.of_user(principal.user);
  if (found) std::ranges::sort(*found, std::ranges::greater(), &sessions::Session::started);
  co_return found;
}

Task<Result<>> Accounts::end_session(const Principal& principal, SessionId id) {
  const auto user = principal.user;
  const auto found = co_await needs_.sessions.find(id);
  if (!found) co_return found.error();
  if (found->user != user) co_return fail(Code::not_found, "there is no such session");
  const auto ended = co_await needs_.sessions.end(id);
  if (!ended) co_return ended.error();
  needs_.feed.session_ended.publish({id});
  co_return Result<>();
}

Task<Result<>> Accounts::end_other_sessions(const Principal& principal) {
  auto ended = co_await end_sessions(principal.user, principal.session);
  co_return ended;
}

}  // namespace croft::auth

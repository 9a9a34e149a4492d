// What can be done with accounts: sign up, log in, log out, and what an administrator does locally.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "auth/auth.hpp"
#include "auth/user_store.hpp"
#include "security/passwords.hpp"

namespace croft::auth {

struct NewAccount {
  std::string username;
  std::string email;
  std::string password;
};

struct Origin {  // where a log-in comes from, for limits and for the list of sessions
  std::string remote;
  std::string user_agent;
};

struct LoggedIn {
  std::string token;
  Instant expires;
  User user;
};

class Accounts {
 public:
  Accounts(const Config&, const Needs&);

  // Fills the directory of users; blocks.
  void load();
  // Errors: invalid with fields, conflict, forbidden (sign-up is closed), too_many, unavailable.
  Task<Result<User>> sign_up(NewAccount, const std::string& remote);
  // Errors: unauthenticated (without saying which of the two was wrong), too_many,
  // unavailable.
  Task<Result<LoggedIn>> log_in(std::string name, std::string password, Origin);
  // The session is dead everywhere when this returns.
  Task<Result<>> log_out(const Principal&);
  Task<Result<User>> me(const Principal&);
  // Ends the account's other sessions. Errors: invalid with a field (`current` is wrong, or
  // `password` is weak), too_many, unavailable (then do it again).
  Task<Result<>> change_password(const Principal&, std::string current, std::string password,
                                 std::string remote);
  // Newest first.
  Task<Result<std::vector<sessions::Session>>> list_sessions(const Principal&);
  // Errors: not_found, also when it is somebody else's.
  Task<Result<>> end_session(const Principal&, SessionId);
  // All but the one that asks.
  Task<Result<>> end_other_sessions(const Principal&);
  // Errors: invalid when there is no such IANA zone.
  Task<Result<User>> set_timezone(const Principal&, std::string timezone);

  // For the administrator at the machine itself.
  Task<Result<User>> add(NewAccount);
  Task<std::vector<User>> list();
  Task<Result<User>> find(std::string name);
  // Ends the account's sessions. Errors: not_found, invalid, unavailable (then do it again).
  Task<Result<User>> reset_password(std::string name, std::string password);
  // Errors: not_found, conflict (it still has devices), unavailable.
  Task<Result<>> remove(std::string name);

 private:
  void tell(const User&);
  Task<Result<User>> create(NewAccount, bool only_first);
  Task<Result<>> replace_password(UserId, std::string hash, SessionId except);
  Task<Result<>> end_sessions(UserId, SessionId except = {});

  const Config& config_;
  const Needs& needs_;
  security::Passwords passwords_;
};

}  // namespace croft::auth

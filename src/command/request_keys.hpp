// Idempotency-Key where it must outlive a crash: noted in the transaction of what the request made.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <map>
#include <string>
#include <string_view>

#include "command/command.hpp"
#include "command/request_key_store.hpp"
#include "http/message.hpp"

namespace croft::command {

// Notes the request's key beside what is made, inside its transaction. False when another process
// was faster with this key: then nothing may be made.
using NoteKey = std::function<bool(db::Connection&, std::string_view made)>;

// For whoever makes something without a request.
inline bool no_key(db::Connection&, std::string_view) { return true; }

// A key that comes again within a day gets what its first request made, as it is now. Nothing is
// remembered of a request that made nothing. On the loop.
class RequestKeys {
 public:
  using Make = std::function<Task<http::Response>(http::Request&, NoteKey)>;
  // Answers with what was made as if it had been made just now.
  using Show = std::function<Task<http::Response>(http::Request&, std::string made)>;

  explicit RequestKeys(const Needs& needs) : needs_(needs) {}

  // The handler of a guarded route.
  http::Handler once(Make, Show);
  // Once a minute: forgets what is older than a day.
  Task<void> run();
  // The same now.
  Task<void> forget_old();

 private:
  class UnderWay;
  Task<http::Response> answer(http::Request&, const Make&, const Show&);

  const Needs& needs_;
  std::map<std::string, std::string> under_way_;  // by user, route and key: hash of the body
};

}  // namespace croft::command

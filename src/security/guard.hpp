// The guard in front of every route: checks token and session, and says who asks.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

#include "base/clock.hpp"
#include "http/router.hpp"
#include "model/principal.hpp"
#include "security/tokens.hpp"
#include "sessions/store.hpp"

namespace croft::security {

// The session cookie; under TLS a name that browsers only accept from this very host.
std::string_view cookie_name(bool secure);

// The principal the guard left in an admitted request.
const Principal& caller(const http::Request&);

class Guard final : public http::Guard {
 public:
  Guard(const Verifier&, sessions::Store&, const Clock&);
  Task<Result<>> admit(http::Request&) override;

 private:
  const Verifier& verifier_;
  sessions::Store& sessions_;
  const Clock& clock_;
};

}  // namespace croft::security

// A small HTTP client for the command line (over the administration socket or TCP) and for tests.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "http/message.hpp"

namespace croft::http {

struct Answer {
  int status = 0;
  Headers headers;
  std::string body;
};

// Blocking, one request a connection; for the command line, never for the loop.
// Errors: Code::unavailable when nobody listens or the answer breaks off.
class Client {
 public:
  static Client local(std::filesystem::path socket);
  static Client tcp(std::string host, std::uint16_t port);

  Result<Answer> request(Method, std::string_view target, std::string_view body = {},
                         const Headers& headers = {}) const;

 private:
  std::filesystem::path socket_;
  std::string host_;
  std::uint16_t port_ = 0;
};

}  // namespace croft::http

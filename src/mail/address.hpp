// Addresses and mail servers as people write them, read strictly.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.hpp"

namespace croft::mail {

// "name@host" of printable ASCII without spaces, quotes, commas or brackets, 254 bytes at most:
// what can stand in a header and in SMTP's commands with nothing to escape.
bool is_address(std::string_view);

struct Mailbox {
  std::string name;  // "" when there is none
  std::string address;
};
// "croft@example.org" or "Greenhouse <croft@example.org>".
std::optional<Mailbox> parse_mailbox(std::string_view);

struct Server {
  bool tls = false;  // smtps: encrypted from the first byte; else STARTTLS
  std::string host;
  std::uint16_t port = 0;
  std::string username;
  std::string password;

  // Traffic to it never leaves this machine.
  bool is_loopback() const;
};
// "smtp://user:password@host:587"; user and password are percent-encoded. The port defaults to 587
// (smtp) and 465 (smtps). The error's message never holds the password.
Result<Server> parse_server(std::string_view url);

}  // namespace croft::mail

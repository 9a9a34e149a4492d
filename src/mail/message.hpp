// One e-mail as RFC 5322 has it: whatever is put in, no header comes out that was not meant.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "base/clock.hpp"
#include "mail/address.hpp"

namespace croft::mail {

struct Message {
  Mailbox from;
  std::string to;          // an address as is_address() has it
  std::string subject;     // any bytes; 150 characters are kept
  std::string text;        // any bytes, lines separated by '\n'; 64 KiB are kept
  std::string message_id;  // "<...@...>", printable ASCII
  Instant date{};
  std::string timezone = "UTC";  // an IANA name, of the Date header
};

// Lines end with CRLF, are 76 characters at most, and hold ASCII alone (quoted-printable UTF-8).
// Control characters, line breaks in headers and what turns the direction of writing become spaces;
// broken UTF-8 becomes U+FFFD. Throws std::logic_error when an address was not checked before.
std::string write_message(const Message&);

// The value of a header such as Subject, cleaned, encoded by RFC 2047 where needed, and folded;
// `used` characters already stand on its first line.
std::string header_text(std::string_view text, std::size_t used);

}  // namespace croft::mail

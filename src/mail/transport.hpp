// The way out: whoever can hand one message to a mail server.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

namespace croft::mail {

struct Envelope {
  std::string from;     // a bare address
  std::string to;       // a bare address
  std::string content;  // the message as RFC 5322 has it, lines ended by CRLF
};

struct Outcome {
  enum class Kind {
    accepted,     // the mail server has taken it
    later,        // it said 4xx: not now
    refused,      // it said 5xx about this message: never
    unknown,      // it had the whole message when the connection ended: perhaps taken
    unreachable,  // there was no talking to it at all: name, connection, certificate, log-in
  };
  Kind kind = Kind::unreachable;
  std::string words;  // one sentence for a person; "" when accepted. Never holds a secret
};

class Transport {
 public:
  virtual ~Transport() = default;
  // Blocks until it is settled or its time is over, a minute at most; call on a worker thread.
  virtual Outcome send(const Envelope&) = 0;
  // Ends a send() under way, and lets none begin any more. From any thread.
  virtual void stop() = 0;
};

}  // namespace croft::mail

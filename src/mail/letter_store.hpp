// Letters, recipients and the sender's own state in the database: SQL and nothing but SQL.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "db/database.hpp"
#include "mail/letter.hpp"

namespace croft::mail::letters {

// What is remembered of the sender between restarts.
struct Sender {
  std::string installation;
  double tokens = 0;
  Instant filled{};
  std::int64_t failures = 0;  // attempts in a row that did not reach the mail server
  Instant away_until{};
  std::string trouble;  // why nobody's mail goes out now; "" when it does
};
Sender load_or_make(db::Connection&, double tokens, Instant now);
void save(db::Connection&, const Sender&);

struct Recipient {
  std::string address;
  std::int64_t stage =
      0;  // 0: the next letter starts a series; 1: it is the second; 2: a later one
  Instant not_before{};
  Instant composed{};  // when the last letter was written
};
// Those whose next letter may be written now; whoever has a letter under way is not among them.
std::vector<Recipient> due_recipients(db::Connection&, Instant now, int limit);
void save(db::Connection&, const Recipient&);  // with nothing waiting any more
Bundle waiting_for(db::Connection&, const std::string& address);

struct Letter {
  std::string id;
  std::string address;
  std::string content;
  std::int64_t mails = 0;
  std::int64_t attempts = 0;
  Instant created{};
};
// Stores the letter and hands it all that waits for its address.
void add(db::Connection&, const Letter&);
std::optional<Letter> due_letter(db::Connection&, Instant now);
// It will be tried again at `next` unless it is settled before.
void claim(db::Connection&, const std::string& id, Instant next);
void postpone(db::Connection&, const std::string& id, Instant next, const std::string& error);
void end(db::Connection&, const std::string& id, bool sent, const std::string& error, Instant now);

struct Load {
  std::int64_t mails = 0;    // not yet in a letter
  std::int64_t letters = 0;  // not yet settled
  bool due = false;          // something could be written or sent now, if the sender may
  std::optional<Sender> sender;
};
Load load(db::Connection&, Instant now);

// Deletes at most `limit` letters settled before `before`, with their mails; returns how many.
std::int64_t prune(db::Connection&, Instant before, int limit);

}  // namespace croft::mail::letters

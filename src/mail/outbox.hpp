// The outbox: mails put into the database beside the fact they tell, and what became of them.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.hpp"
#include "base/ids.hpp"
#include "db/database.hpp"

namespace croft::mail {

using MailId = Id<struct MailTag>;

struct NewMail {
  UserId user;
  std::string to;       // an address; a bad one makes the mail fail, visibly, when its turn comes
  std::string subject;  // any text: it is cleaned when the mail is written
  std::string text;     // any text, lines separated by '\n'
  std::string kind;     // "alert", "cleared": what digests count
  std::string about;    // the id of what it tells about; "" for nothing
  std::string timezone = "UTC";  // an IANA name; times in the mail are told in it
};

// Puts the mail into the outbox inside the caller's transaction: it will be sent when and only when
// the caller commits. Costs two statements. Beyond kMostKept mails waiting for one address the mail
// is counted on the last one kept, whose id is answered then.
MailId enqueue(db::Connection&, const NewMail&, Instant now);
constexpr std::int64_t kMostKept = 1000;

enum class MailState {
  queued,   // waits for its turn or for the mail server
  sent,     // went out as a mail of its own
  grouped,  // went out in one mail together with others
  failed,   // given up; `last_error` says why
};
std::string_view to_string(MailState);

struct MailView {
  MailState state = MailState::queued;
  std::int64_t attempts = 0;
  std::string last_error;       // of the last attempt; "" when it went well or was not made yet
  std::optional<Instant> sent;  // when the mail server took it
};
// Nothing for an unknown mail, or one sent or given up more than 30 days ago.
std::optional<MailView> find(db::Connection&, const MailId&);

}  // namespace croft::mail

// SQL of letters, recipients and the sender's own state.
// SPDX-License-Identifier: Apache-2.0
#include "mail/letter_store.hpp"

#include <algorithm>
#include <cctype>

#include "base/ids.hpp"

namespace croft::mail::letters {
namespace {

// Lower-case letters and digits, for the right side of Message-IDs.
std::string new_installation() {
  auto token = random_token(12);
  std::erase_if(token, [](unsigned char c) { return std::isalnum(c) == 0; });
  return token;
}

std::int64_t number(const db::Row& row) { return row.integer(0); }

// Further ahead than any pause: the clock was put back meanwhile, and waiting for it would be
// wrong.
constexpr auto kLongestPause = std::chrono::hours(1);

std::optional<Sender> find_sender(db::Connection& connection) {
  return connection.first(
      "SELECT installation, tokens, filled, failures, away_until, trouble"
      " FROM mail_sender WHERE id = 1",
      {}, [](const db::Row& row) {
        return Sender{row.string(0),  row.real(1),    row.instant(2),
                      row.integer(3), row.instant(4), row.string(5)};
      });
}

}  // namespace

Sender load_or_make(db::Connection& connection, double tokens, Instant now) {
  const auto found = find_sender(connection);
  if (found) return *found;
  Sender sender{new_installation(), tokens, now, 0, now, ""};
  connection.execute(
      "INSERT INTO mail_sender (id, installation, tokens, filled, failures, away_until, trouble)"
      " VALUES (1, $1, $2, $3, 0, $3, '')",
      {sender.installation, tokens, now});
  return sender;
}

void save(db::Connection& connection, const Sender& sender) {
  connection.execute(
      "UPDATE mail_sender SET tokens = $1, filled = $2, failures = $3, away_until = $4,"
      " trouble = $5 WHERE id = 1",
      {sender.tokens, sender.filled, sender.failures, sender.away_until, sender.trouble});
}

std::vector<Recipient> due_recipients(db::Connection& connection, Instant now, int limit) {
  std::vector<Recipient> due;
  connection.query(
      "SELECT address, stage, not_before, composed FROM mail_recipients r"
      " WHERE waiting > 0 AND (not_before <= $1 OR not_before > $2) AND NOT EXISTS"
      "   (SELECT 1 FROM mail_letters l WHERE l.address = r.address AND l.state = 'waiting')"
      " ORDER BY not_before, address LIMIT $3",
      {now, now + kLongestPause, limit}, [&](const db::Row& row) {
        due.push_back({row.string(0), row.integer(1), row.instant(2), row.instant(3)});
      });
  return due;
}

void save(db::Connection& connection, const Recipient& recipient) {
  connection.execute(
      "UPDATE mail_recipients SET waiting = 0, stage = $2, not_before = $3, composed = $4"
      " WHERE address = $1",
      {recipient.address, recipient.stage, recipient.not_before, recipient.composed});
}

Bundle waiting_for(db::Connection& connection, const std::string& address) {
  Bundle bundle;
  connection.query(
      "SELECT subject, body, kind, timezone, created FROM mail_outbox"
      " WHERE address = $1 AND letter IS NULL ORDER BY place LIMIT $2",
      {address, kMostTold}, [&](const db::Row& row) {
        bundle.first.push_back(
            {row.string(0), row.string(1), row.string(2), row.string(3), row.instant(4)});
      });
  connection.query(
      "SELECT kind, count(*), CAST(sum(more) AS BIGINT), max(created) FROM mail_outbox"
      " WHERE address = $1 AND letter IS NULL GROUP BY kind",
      {address}, [&](const db::Row& row) {
        bundle.kinds[row.string(0)] = row.integer(1);
        bundle.kept += row.integer(1);
        bundle.mails += row.integer(1) + row.integer(2);
        bundle.newest = std::max(bundle.newest, row.instant(3));
      });
  return bundle;
}

void add(db::Connection& connection, const Letter& letter) {
  connection.execute(
      "INSERT INTO mail_letters (id, address, content, mails, state, attempts, next_attempt,"
      " last_error, created, ended) VALUES ($1, $2, $3, $4, 'waiting', 0, $5, '', $5, NULL)",
      {letter.id, letter.address, letter.content, letter.mails, letter.created});
  connection.execute(
      "UPDATE mail_outbox SET letter = $2, body = '' WHERE address = $1 AND letter IS NULL",
      {letter.address, letter.id});
}

// The one tried least first, so that no letter that never gets through holds up the others.
std::optional<Letter> due_letter(db::Connection& connection, Instant now) {
  return connection.first(
      "SELECT id, address, content, mails, attempts, created FROM mail_letters"
      " WHERE state = 'waiting' AND (next_attempt <= $1 OR next_attempt > $2)"
      " ORDER BY attempts, next_attempt LIMIT 1",
      {now, now + kLongestPause}, [](const db::Row& row) {
        return Letter{row.string(0),  row.string(1),  row.string(2),
                      row.integer(3), row.integer(4), row.instant(5)};
      });
}

void claim(db::Connection& connection, const std::string& id, Instant next) {
  connection.execute(
      "UPDATE mail_letters SET attempts = attempts + 1, next_attempt = $2 WHERE id = $1",
      {id, next});
}

void postpone(db::Connection& connection, const std::string& id, Instant next,
              const std::string& error) {
  connection.execute("UPDATE mail_letters SET next_attempt = $2, last_error = $3 WHERE id = $1",
                     {id, next, error});
}

void end(db::Connection& connection, const std::string& id, bool sent, const std::string& error,
         Instant now) {
  connection.execute(
      "UPDATE mail_letters SET state = $2, last_error = $3, ended = $4, content = ''"
      " WHERE id = $1",
      {id, sent ? "sent" : "failed", error, now});
}

Load load(db::Connection& connection, Instant now) {
  Load load;
  load.mails = *connection.first(
      "SELECT CAST(COALESCE(sum(waiting), 0) AS BIGINT) FROM mail_recipients"
      " WHERE waiting > 0",
      {}, number);
  load.letters =
      *connection.first("SELECT count(*) FROM mail_letters WHERE state = 'waiting'", {}, number);
  load.due = (load.letters > 0 && due_letter(connection, now)) ||
             (load.mails > 0 && !due_recipients(connection, now, 1).empty());
  load.sender = find_sender(connection);
  return load;
}

std::int64_t prune(db::Connection& connection, Instant before, int limit) {
  connection.execute(
      "DELETE FROM mail_outbox WHERE letter IN"
      " (SELECT id FROM mail_letters WHERE ended < $1 ORDER BY ended, id LIMIT $2)",
      {before, limit});
  connection.execute(
      "DELETE FROM mail_recipients WHERE waiting = 0 AND composed < $1 AND NOT EXISTS"
      " (SELECT 1 FROM mail_letters l WHERE l.address = mail_recipients.address"
      "  AND l.state = 'waiting')",
      {before});
  return connection.execute(
      "DELETE FROM mail_letters WHERE id IN"
      " (SELECT id FROM mail_letters WHERE ended < $1 ORDER BY ended, id LIMIT $2)",
      {before, limit});
}

}  // namespace croft::mail::letters

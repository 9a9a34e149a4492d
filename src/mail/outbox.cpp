// SQL of the outbox as those see it who put mails in.
// SPDX-License-Identifier: Apache-2.0
#include "mail/outbox.hpp"

namespace croft::mail {
namespace {

// Texts are kept of the first few waiting mails only: a mail of many tells their subjects.
constexpr std::int64_t kMostTexts = 20;

struct Place {
  std::int64_t waiting;
  std::string last;
};

Place take_place(db::Connection& connection, const NewMail& mail, const std::string& id) {
  return *connection.first(
      "INSERT INTO mail_recipients (address, waiting, last, stage, not_before, composed)"
      " VALUES ($1, 1, $2, 0, 0, 0)"
      " ON CONFLICT (address) DO UPDATE SET waiting = mail_recipients.waiting + 1,"
      " last = CASE WHEN mail_recipients.waiting < $3"
      "   THEN excluded.last ELSE mail_recipients.last END"
      " RETURNING waiting, last",
      {mail.to, id, kMostKept},
      [](const db::Row& row) { return Place{row.integer(0), row.string(1)}; });
}

}  // namespace

MailId enqueue(db::Connection& connection, const NewMail& mail, Instant now) {
  const auto id = new_id();
  const auto place = take_place(connection, mail, id);
  if (place.last != id) {
    connection.execute("UPDATE mail_outbox SET more = more + 1 WHERE id = $1", {place.last});
    return MailId(place.last);
  }
  const std::string_view text = place.waiting <= kMostTexts ? std::string_view(mail.text) : "";
  connection.execute(
      "INSERT INTO mail_outbox (id, user_id, address, subject, body, kind, about, timezone,"
      " created, place, more, letter) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, 0, NULL)",
      {id, mail.user, mail.to, mail.subject, text, mail.kind, mail.about, mail.timezone, now,
       place.waiting});
  return MailId(id);
}

std::optional<MailView> find(db::Connection& connection, const MailId& id) {
  return connection.first(
      "SELECT l.state, l.mails, l.attempts, l.last_error, l.ended, s.trouble"
      " FROM mail_outbox o LEFT JOIN mail_letters l ON l.id = o.letter"
      " LEFT JOIN mail_sender s ON s.id = 1 WHERE o.id = $1",
      {id}, [](const db::Row& row) {
        MailView view;
        if (row.is_null(0)) {
          if (!row.is_null(5)) view.last_error = row.string(5);  // nobody's mail goes out now
          return view;
        }
        view.attempts = row.integer(2);
        view.last_error = row.string(3);
        if (row.text(0) == "failed") view.state = MailState::failed;
        if (row.text(0) != "sent") return view;
        view.state = row.integer(1) > 1 ? MailState::grouped : MailState::sent;
        view.sent = row.maybe_instant(4);
        return view;
      });
}

std::string_view to_string(MailState state) {
  switch (state) {
    case MailState::sent:
      return "sent";
    case MailState::grouped:
      return "grouped";
    case MailState::failed:
      return "failed";
    case MailState::queued:
      break;
  }
  return "queued";
}

}  // namespace croft::mail

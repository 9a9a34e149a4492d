// SQL of the alerts table.
// SPDX-License-Identifier: Apache-2.0
#include "command/alert_store.hpp"

#include "mail/outbox.hpp"

namespace croft::command::alerts {
namespace {

// Every statement answers these columns in this order.
#define CROFT_ALERT_COLUMNS \
  "id, trigger_id, name, device, owner, measurement, value, fired, cleared, command, mail"

Alert alert_from(const db::Row& row) {
  Alert alert;
  alert.id = AlertId(row.text(0));
  alert.trigger = TriggerId(row.text(1));
  alert.name = row.string(2);
  alert.device = DeviceId(row.text(3));
  alert.owner = UserId(row.text(4));
  alert.measurement = row.string(5);
  if (!row.is_null(6)) alert.value = row.real(6);
  alert.fired = row.instant(7);
  alert.cleared = row.maybe_instant(8);
  if (!row.is_null(9)) alert.command = CommandId(row.text(9));
  alert.mail = row.string(10);
  return alert;
}

void look_up_mail(db::Connection& connection, Alert& alert) {
  if (alert.mail.empty()) return;
  const auto mail = mail::find(connection, mail::MailId(alert.mail));
  if (!mail) return;
  alert.email_state = mail::to_string(mail->state);
  alert.email_error = mail->last_error;
}

}  // namespace

bool open(db::Connection& connection, const Alert& a) {
  const auto added = connection.execute("INSERT INTO alerts (" CROFT_ALERT_COLUMNS
                                        ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)"
                                        " ON CONFLICT DO NOTHING",
                                        {a.id, a.trigger, a.name, a.device, a.owner, a.measurement,
                                         a.value, a.fired, a.cleared, a.command, a.mail});
  if (added == 0) return false;
  connection.execute(
      "DELETE FROM alerts WHERE trigger_id = $1 AND id <"
      " (SELECT id FROM alerts WHERE trigger_id = $1 ORDER BY id DESC LIMIT 1 OFFSET $2)",
      {a.trigger, kMostPerTrigger - 1});
  return true;
}

void note_mail(db::Connection& connection, const AlertId& id, std::string_view mail) {
  connection.execute("UPDATE alerts SET mail = $2 WHERE id = $1", {id, mail});
}

std::optional<Alert> close(db::Connection& connection, const TriggerId& trigger, Instant cleared) {
  auto closed = connection.first(
      "UPDATE alerts SET cleared = $2 WHERE trigger_id = $1 AND cleared IS NULL"
      " RETURNING " CROFT_ALERT_COLUMNS,
      {trigger, cleared}, alert_from);
  if (closed) look_up_mail(connection, *closed);
  return closed;
}

std::vector<Alert> list(db::Connection& connection, const Page& page) {
  std::vector<Alert> found;
  const auto into = [&found](const db::Row& row) { found.push_back(alert_from(row)); };
  // Above every id, which are lower-case letters and digits.
  const std::string before = page.cursor.empty() ? "~" : page.cursor;
  if (page.device)
    connection.query("SELECT " CROFT_ALERT_COLUMNS
                     " FROM alerts WHERE device = $1 AND owner = $2 AND id < $3"
                     " ORDER BY id DESC LIMIT $4",
                     {*page.device, page.owner, before, page.rows()}, into);
  else
    connection.query("SELECT " CROFT_ALERT_COLUMNS
                     " FROM alerts WHERE owner = $1 AND id < $2 ORDER BY id DESC LIMIT $3",
                     {page.owner, before, page.rows()}, into);
  for (auto& alert : found) look_up_mail(connection, alert);
  return found;
}

std::int64_t forget(db::Connection& connection, const DeviceId& device, int limit) {
  return connection.execute(
      "DELETE FROM alerts WHERE id IN"
      " (SELECT id FROM alerts WHERE device = $1 ORDER BY id LIMIT $2)",
      {device, limit});
}

}  // namespace croft::command::alerts

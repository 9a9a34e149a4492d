// The tables of the outbox, as one migration of the service that keeps it in its database.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

namespace croft::mail {

inline constexpr std::string_view kSchema =
    "CREATE TABLE mail_outbox ("
    "  id TEXT PRIMARY KEY,"
    "  user_id TEXT NOT NULL,"
    "  address TEXT NOT NULL,"
    "  subject TEXT NOT NULL,"
    "  body TEXT NOT NULL,"
    "  kind TEXT NOT NULL,"
    "  about TEXT NOT NULL,"
    "  timezone TEXT NOT NULL,"
    "  created BIGINT NOT NULL,"
    "  place BIGINT NOT NULL,"  // in the row of those waiting for this address
    "  more BIGINT NOT NULL,"   // further mails that are only counted here
    "  letter TEXT);"           // the letter that carries it
    "CREATE INDEX mail_outbox_waiting ON mail_outbox (address, place) WHERE letter IS NULL;"
    "CREATE INDEX mail_outbox_letter ON mail_outbox (letter);"
    // What really goes out: one mail or many, written once and sent until it is taken.
    "CREATE TABLE mail_letters ("
    "  id TEXT PRIMARY KEY,"
    "  address TEXT NOT NULL,"
    "  content TEXT NOT NULL,"
    "  mails BIGINT NOT NULL,"
    "  state TEXT NOT NULL CHECK (state IN ('waiting', 'sent', 'failed')),"
    "  attempts BIGINT NOT NULL,"
    "  next_attempt BIGINT NOT NULL,"
    "  last_error TEXT NOT NULL,"
    "  created BIGINT NOT NULL,"
    "  ended BIGINT);"
    "CREATE INDEX mail_letters_waiting ON mail_letters (next_attempt)"
    "  WHERE state = 'waiting';"
    "CREATE INDEX mail_letters_of ON mail_letters (address) WHERE state = 'waiting';"
    "CREATE INDEX mail_letters_ended ON mail_letters (ended) WHERE ended IS NOT NULL;"
    // Storm control: who has mails waiting, and when the next letter may be written.
    "CREATE TABLE mail_recipients ("
    "  address TEXT PRIMARY KEY,"
    "  waiting BIGINT NOT NULL,"
    "  last TEXT NOT NULL,"
    "  stage BIGINT NOT NULL,"
    "  not_before BIGINT NOT NULL,"
    "  composed BIGINT NOT NULL);"
    "CREATE INDEX mail_recipients_due ON mail_recipients (not_before) WHERE waiting > 0;"
    // One row: who we are, what may be sent, and since when the mail server is away.
    "CREATE TABLE mail_sender ("
    "  id BIGINT PRIMARY KEY,"
    "  installation TEXT NOT NULL,"
    "  tokens DOUBLE PRECISION NOT NULL,"
    "  filled BIGINT NOT NULL,"
    "  failures BIGINT NOT NULL,"
    "  away_until BIGINT NOT NULL,"
    "  trouble TEXT NOT NULL)";

}  // namespace croft::mail

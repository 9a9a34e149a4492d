// Alerts in the database: SQL and nothing but SQL.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "command/page.hpp"
#include "db/database.hpp"
#include "model/alert.hpp"

namespace croft::command::alerts {

// Beyond so many of one trigger the oldest go.
constexpr int kMostPerTrigger = 10'000;

// False when the trigger has an open alert on that device already; then nothing is written.
bool open(db::Connection&, const Alert&);
// Which mail tells of it.
void note_mail(db::Connection&, const AlertId&, std::string_view mail);
// Ends the open alert of a trigger; nothing when there is none.
std::optional<Alert> close(db::Connection&, const TriggerId&, Instant cleared);

std::vector<Alert> list(db::Connection&, const Page&);  // newest first, with what became of mails
// Deletes at most `limit` alerts of a removed device; returns how many.
std::int64_t forget(db::Connection&, const DeviceId&, int limit);

}  // namespace croft::command::alerts

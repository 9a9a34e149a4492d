// What a firing and its end become: an alert, and the mails that tell of it.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>

#include "command/command.hpp"
#include "command/trigger_store.hpp"
#include "mail/outbox.hpp"

namespace croft::command {

// "temperature above 30" for a trigger without a name.
std::string name_of(const Trigger&);
// A new alert, its id included.
Alert alert_of(const Trigger&, const rules::Transition&);
// Nothing when the trigger sends no mail or its owner has no address. On the loop.
std::optional<mail::NewMail> firing_mail(const Needs&, const Trigger&, const Alert&);
// The same when it is over: `state` as it is then. `about` is not set yet.
std::optional<mail::NewMail> clearing_mail(const Needs&, const Trigger&, const rules::State&,
                                           Instant cleared);

}  // namespace croft::command

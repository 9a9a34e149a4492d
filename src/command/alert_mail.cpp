// Alerts and their mails, made from a trigger and a transition.
// SPDX-License-Identifier: Apache-2.0
#include "command/alert_mail.hpp"

#include "base/log.hpp"
#include "mail/wording.hpp"

namespace croft::command {
namespace {

std::string device_name(const Needs& needs, const DeviceId& id) {
  const auto* device = needs.directory.find(id);
  return device == nullptr ? id.str() : device->name;
}

// "Pump: led on for 10 min"
std::string command_words(const Needs& needs, const Trigger& trigger) {
  if (!trigger.command) return {};
  const auto& command = *trigger.command;
  auto words = device_name(needs, command.device) + ": " + command.actuator + ' ' + command.action;
  if (command.for_seconds) words += " for " + rules::spell(Seconds(*command.for_seconds));
  return words;
}

mail::AlertFacts facts_of(const Needs& needs, const Trigger& trigger) {
  mail::AlertFacts facts;
  facts.device = device_name(needs, trigger.device);
  facts.measurement = trigger.condition.measurement;
  facts.condition = rules::describe_limit(trigger.condition);
  return facts;
}

std::optional<mail::NewMail> mail_to_owner(const Needs& needs, const Trigger& trigger,
                                           mail::AlertFacts facts) {
  const auto* user = needs.users.find(trigger.owner);
  if (user == nullptr || user->email.empty()) {
    log::warning("command", "an alert's owner has no address for its e-mail",
                 {{"trigger", trigger.id.str()}});
    return std::nullopt;
  }
  facts.timezone = user->timezone;
  auto words = mail::words_of(facts);
  mail::NewMail mail;
  mail.user = user->id;
  mail.to = user->email;
  mail.subject = std::move(words.subject);
  mail.text = std::move(words.text);
  mail.kind = facts.cleared ? "cleared" : "alert";
  mail.timezone = user->timezone;
  return mail;
}

}  // namespace

std::string name_of(const Trigger& trigger) {
  return trigger.name.empty() ? rules::describe(trigger.condition) : trigger.name;
}

Alert alert_of(const Trigger& trigger, const rules::Transition& transition) {
  Alert alert;
  alert.id = AlertId(new_id());
  alert.trigger = trigger.id;
  alert.name = name_of(trigger);
  alert.device = trigger.device;
  alert.owner = trigger.owner;
  alert.measurement = trigger.condition.measurement;
  alert.value = transition.value;
  alert.fired = transition.at;
  return alert;
}

std::optional<mail::NewMail> firing_mail(const Needs& needs, const Trigger& trigger,
                                         const Alert& alert) {
  if (!trigger.email) return std::nullopt;
  auto facts = facts_of(needs, trigger);
  if (trigger.condition.kind != rules::Kind::silent) facts.value = alert.value;
  facts.fired = alert.fired;
  facts.command = command_words(needs, trigger);
  auto mail = mail_to_owner(needs, trigger, std::move(facts));
  if (mail) mail->about = alert.id.str();
  return mail;
}

std::optional<mail::NewMail> clearing_mail(const Needs& needs, const Trigger& trigger,
                                           const rules::State& state, Instant cleared) {
  if (!trigger.email) return std::nullopt;
  auto facts = facts_of(needs, trigger);
  facts.value = state.last_value;
  facts.fired = state.fired.value_or(cleared);
  facts.cleared = cleared;
  return mail_to_owner(needs, trigger, std::move(facts));
}

}  // namespace croft::command

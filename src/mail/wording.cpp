// Words for alerts, and times as the reader's clock shows them.
// SPDX-License-Identifier: Apache-2.0
#include "mail/wording.hpp"

#include <date/tz.h>

#include <cctype>
#include <stdexcept>

#include "base/json.hpp"

namespace croft::mail {
namespace {

// "soilMoisture" -> "soil moisture"; "PM2.5" and "CO2" stay as they are.
std::string spoken(const std::string& name) {
  std::string out;
  for (std::size_t i = 0; i < name.size(); ++i) {
    const auto here = static_cast<unsigned char>(name[i]);
    const bool starts_word = i > 0 && std::isupper(here) != 0 &&
                             std::islower(static_cast<unsigned char>(name[i - 1])) != 0;
    if (starts_word) out += ' ';
    out += starts_word ? static_cast<char>(std::tolower(here)) : (here == '_' ? ' ' : name[i]);
  }
  return out;
}

std::string number(double value) {
  std::string out;
  append_number(out, value);
  return out;
}

}  // namespace

std::string local_time(Instant at, const std::string& timezone) {
  const auto seconds = std::chrono::floor<std::chrono::seconds>(at);
  const date::sys_seconds utc{seconds.time_since_epoch()};
  if (timezone != "UTC") {
    try {
      return date::format("%a %e %b %Y %H:%M:%S %Z",
                          date::make_zoned(date::locate_zone(timezone), utc));
    } catch (const std::runtime_error&) {  // no such zone on this machine
    }
  }
  return date::format("%a %e %b %Y %H:%M:%S UTC", utc);
}

Wording words_of(const AlertFacts& facts) {
  const auto measurement = spoken(facts.measurement);
  Wording words;
  words.subject = facts.device + ": " + measurement;
  if (facts.value) words.subject += " " + number(*facts.value);
  words.subject += facts.cleared ? ", no longer " : facts.value ? ", " : " ";
  words.subject += facts.condition;

  words.text = "Device: " + facts.device + "\nMeasurement: " + measurement + "\n";
  if (facts.value) words.text += "Value: " + number(*facts.value) + "\n";
  words.text += "Condition: " + facts.condition + "\n";
  words.text += "Since: " + local_time(facts.fired, facts.timezone) + "\n";
  if (facts.cleared) words.text += "Over: " + local_time(*facts.cleared, facts.timezone) + "\n";
  if (!facts.command.empty()) words.text += "Command sent: " + facts.command + "\n";
  return words;
}

}  // namespace croft::mail

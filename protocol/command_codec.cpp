// Commands, their answers and actuator states, both ways.
// SPDX-License-Identifier: Apache-2.0
#include "protocol/command_codec.hpp"

#include "protocol/json_writer.hpp"
#include "protocol/member_reader.hpp"
#include "protocol/time_codec.hpp"

namespace croft::protocol {
namespace {

constexpr std::string_view on_off(bool on) { return on ? "on" : "off"; }

Refusal read_id(JsonCursor& cursor, Text<kMaxCommandIdBytes>& into) {
  const Refusal refusal = read_text(cursor, into, Refusal::bad_name);
  if (refusal != Refusal::none) return refusal;
  if (is_command_id(into.view())) return Refusal::none;
  into = {};
  return Refusal::bad_name;
}

Refusal read_actuator(JsonCursor& cursor, Text<kMaxNameBytes>& into) {
  const Refusal refusal = read_text(cursor, into, Refusal::bad_name);
  if (refusal != Refusal::none) return refusal;
  return is_name(into.view()) ? Refusal::none : Refusal::bad_name;
}

// One of two words; `into` becomes true for `yes`.
Refusal read_word(JsonCursor& cursor, std::string_view yes, std::string_view no,
                  std::optional<bool>& into) {
  if (into) return Refusal::duplicate_member;
  Text<8> word;
  const Refusal refusal = read_text(cursor, word, Refusal::bad_value);
  if (refusal != Refusal::none) return refusal;
  if (word.view() != yes && word.view() != no) return Refusal::bad_value;
  into = word.view() == yes;
  return Refusal::none;
}

Refusal read_for(JsonCursor& cursor, std::optional<std::uint32_t>& into) {
  if (into) return Refusal::duplicate_member;
  if (cursor.take_word("null")) return Refusal::none;
  into = read_unsigned(cursor, kMaxForSeconds);
  return into && *into > 0 ? Refusal::none : Refusal::bad_value;
}

Refusal read_expires(JsonCursor& cursor, std::optional<std::int64_t>& into) {
  if (into) return Refusal::duplicate_member;
  if (cursor.peek() == '"') {
    Text<48> text;
    const Refusal refusal = read_text(cursor, text, Refusal::bad_time);
    if (refusal != Refusal::none) return refusal;
    into = parse_time(text.view());
    return into ? Refusal::none : Refusal::bad_time;
  }
  const JsonNumber number = cursor.read_number();
  if (number.state != JsonNumber::State::ok) return Refusal::bad_time;
  into = time_from_number(number.value);
  return Refusal::none;
}

void write_member(JsonWriter& out, std::string_view key, std::string_view value) {
  out.raw(key);
  out.string(value);
}

}  // namespace

bool ActuatorState::add(std::string_view actuator, bool on) {
  for (const Entry& entry : *this) {
    if (entry.actuator == actuator) return false;
  }
  if (count == kMaxActuators || !is_name(actuator)) return false;
  entries[count].actuator.assign(actuator);
  entries[count++].on = on;
  return true;
}

std::string_view encode_command(const Command& command, char* buffer, std::size_t capacity) {
  if (!is_command_id(command.id.view()) || !is_name(command.actuator.view())) return {};
  JsonWriter out(buffer, capacity);
  write_member(out, "{\"id\":", command.id.view());
  write_member(out, ",\"actuator\":", command.actuator.view());
  write_member(out, ",\"action\":", on_off(command.on));
  if (command.for_seconds) {
    if (*command.for_seconds == 0 || *command.for_seconds > kMaxForSeconds) return {};
    out.raw(",\"for\":");
    out.integer(*command.for_seconds);
  }
  char time[kTimeBytes];
  write_member(out, ",\"expires\":", write_time(command.expires_ms, time));
  out.raw("}");
  return out.text();
}

std::string_view encode_command_ack(const CommandAck& ack, char* buffer, std::size_t capacity) {
  if (!is_command_id(ack.id.view()) || (ack.done && ack.actuator.empty())) return {};
  JsonWriter out(buffer, capacity);
  write_member(out, "{\"id\":", ack.id.view());
  write_member(out, ",\"state\":", ack.done ? "done" : "refused");
  if (!ack.actuator.empty()) write_member(out, ",\"actuator\":", ack.actuator.view());
  if (ack.done) {
    write_member(out, ",\"value\":", on_off(ack.on));
  } else {
    write_member(out, ",\"reason\":", ack.reason.view());
  }
  out.raw("}");
  return out.text();
}

std::string_view encode_state(const ActuatorState& state, char* buffer, std::size_t capacity) {
  JsonWriter out(buffer, capacity);
  out.raw("{");
  for (const ActuatorState::Entry& entry : state) {
    if (&entry != state.begin()) out.raw(",");
    out.string(entry.actuator.view());
    write_member(out, ":", on_off(entry.on));
  }
  out.raw("}");
  return out.text();
}

Outcome decode_command(std::string_view payload, Command& into) {
  into = {};
  std::optional<bool> on;
  std::optional<std::int64_t> expires;
  Outcome outcome = read_members(payload, [&](std::string_view name, JsonCursor& cursor) {
    if (name == "id") return read_id(cursor, into.id);
    if (name == "actuator") return read_actuator(cursor, into.actuator);
    if (name == "action") return read_word(cursor, "on", "off", on);
    if (name == "for") return read_for(cursor, into.for_seconds);
    if (name == "expires") return read_expires(cursor, expires);
    return skip_member(cursor);
  });
  if (!outcome) return outcome;
  if (into.id.empty() || into.actuator.empty() || !on || !expires) {
    outcome.refusal = Refusal::missing_member;
    return outcome;
  }
  into.on = *on;
  into.expires_ms = *expires;
  return outcome;
}

Outcome decode_command_ack(std::string_view payload, CommandAck& into) {
  into = {};
  std::optional<bool> done;
  std::optional<bool> on;
  Outcome outcome = read_members(payload, [&](std::string_view name, JsonCursor& cursor) {
    if (name == "id") return read_id(cursor, into.id);
    if (name == "state") return read_word(cursor, "done", "refused", done);
    if (name == "actuator") return read_actuator(cursor, into.actuator);
    if (name == "value") return read_word(cursor, "on", "off", on);
    if (name == "reason") return read_cut_text(cursor, into.reason);
    return skip_member(cursor);
  });
  if (!outcome) return outcome;
  if (into.id.empty() || !done || (*done && (into.actuator.empty() || !on))) {
    outcome.refusal = Refusal::missing_member;
    return outcome;
  }
  into.done = *done;
  into.on = on.value_or(false);
  return outcome;
}

Outcome decode_state(std::string_view payload, ActuatorState& into) {
  into.count = 0;
  return read_members(payload, [&](std::string_view name, JsonCursor& cursor) {
    std::optional<bool> on;
    if (!is_name(name)) return Refusal::bad_name;
    const Refusal refusal = read_word(cursor, "on", "off", on);
    if (refusal != Refusal::none) return refusal;
    if (into.count == kMaxActuators) return Refusal::too_many_entries;
    return into.add(name, *on) ? Refusal::none : Refusal::duplicate_member;
  });
}

}  // namespace croft::protocol

// Firmware reports, offers, requests and pieces, both ways.
// SPDX-License-Identifier: Apache-2.0
#include "protocol/update_codec.hpp"

#include <cstring>
#include <optional>

#include "protocol/json_writer.hpp"
#include "protocol/member_reader.hpp"

namespace croft::protocol {
namespace {

using State = FirmwareReport::State;
constexpr State kStates[] = {State::running, State::fetching, State::failed};
constexpr char kDigits[] = "0123456789abcdef";

bool is_base64(std::string_view text) {
  if (text.empty() || text.size() % 4 != 0) return false;
  while (!text.empty() && text.back() == '=') text.remove_suffix(1);
  for (char c : text) {
    if (!is_letter(c) && !is_digit(c) && c != '+' && c != '/') return false;
  }
  return true;
}

void write_member(JsonWriter& out, std::string_view key, std::string_view value) {
  out.raw(key);
  out.string(value);
}

void write_member(JsonWriter& out, std::string_view key, std::uint32_t value) {
  out.raw(key);
  out.integer(value);
}

Refusal read_update_id(JsonCursor& cursor, UpdateId& into) {
  const Refusal refusal = read_text(cursor, into, Refusal::bad_name);
  if (refusal != Refusal::none) return refusal;
  return is_hex(into.view(), kUpdateIdDigits) ? Refusal::none : Refusal::bad_name;
}

Refusal read_word(JsonCursor& cursor, Text<kMaxFirmwareWordBytes>& into) {
  const Refusal refusal = read_text(cursor, into, Refusal::bad_value);
  if (refusal != Refusal::none) return refusal;
  return is_firmware_word(into.view()) ? Refusal::none : Refusal::bad_value;
}

Refusal read_count(JsonCursor& cursor, std::uint32_t least, std::uint32_t most,
                   std::optional<std::uint32_t>& into) {
  if (into) return Refusal::duplicate_member;
  into = read_unsigned(cursor, most);
  return into && *into >= least ? Refusal::none : Refusal::bad_value;
}

Refusal read_state(JsonCursor& cursor, std::optional<State>& into) {
  if (into) return Refusal::duplicate_member;
  Text<8> word;
  const Refusal refusal = read_text(cursor, word, Refusal::bad_value);
  if (refusal != Refusal::none) return refusal;
  for (State state : kStates) {
    if (word.view() == to_string(state)) into = state;
  }
  return into ? Refusal::none : Refusal::bad_value;
}

Refusal read_sha256(JsonCursor& cursor, Text<kSha256Digits>& into) {
  const Refusal refusal = read_text(cursor, into, Refusal::bad_value);
  if (refusal != Refusal::none) return refusal;
  return is_hex(into.view(), kSha256Digits) ? Refusal::none : Refusal::bad_value;
}

Refusal read_signature(JsonCursor& cursor, Text<kMaxSignatureChars>& into) {
  const Refusal refusal = read_text(cursor, into, Refusal::bad_value);
  if (refusal != Refusal::none) return refusal;
  return is_base64(into.view()) ? Refusal::none : Refusal::bad_value;
}

bool is_whole(const UpdateOffer& offer) {
  return is_firmware_word(offer.version.view()) && is_firmware_word(offer.board.view()) &&
         offer.size > 0 && offer.size <= kMaxImageBytes &&
         is_hex(offer.sha256.view(), kSha256Digits) && is_base64(offer.signature.view());
}

std::uint8_t value_of(char digit) {
  return static_cast<std::uint8_t>(is_digit(digit) ? digit - '0' : digit - 'a' + 10);
}

}  // namespace

std::string_view to_string(State state) {
  switch (state) {
    case State::running:
      return "running";
    case State::fetching:
      return "fetching";
    case State::failed:
      return "failed";
  }
  return "failed";
}

std::string_view encode_firmware(const FirmwareReport& report, char* buffer, std::size_t capacity) {
  if (!is_firmware_word(report.version.view()) || !is_firmware_word(report.board.view())) return {};
  JsonWriter out(buffer, capacity);
  write_member(out, "{\"version\":", report.version.view());
  write_member(out, ",\"board\":", report.board.view());
  write_member(out, ",\"state\":", to_string(report.state));
  if (report.state != State::running) {
    if (!is_hex(report.update.view(), kUpdateIdDigits)) return {};
    write_member(out, ",\"update\":", report.update.view());
  }
  if (report.state == State::fetching) write_member(out, ",\"offset\":", report.offset);
  if (report.state == State::failed) write_member(out, ",\"reason\":", report.reason.view());
  out.raw("}");
  return out.text();
}

std::string_view encode_offer(const UpdateOffer& offer, char* buffer, std::size_t capacity) {
  if (!is_hex(offer.id.view(), kUpdateIdDigits) || (!offer.cancel && !is_whole(offer))) return {};
  JsonWriter out(buffer, capacity);
  write_member(out, "{\"id\":", offer.id.view());
  if (offer.cancel) {
    out.raw(",\"cancel\":true}");
    return out.text();
  }
  write_member(out, ",\"version\":", offer.version.view());
  write_member(out, ",\"board\":", offer.board.view());
  write_member(out, ",\"size\":", offer.size);
  write_member(out, ",\"sha256\":", offer.sha256.view());
  write_member(out, ",\"signature\":", offer.signature.view());
  out.raw("}");
  return out.text();
}

std::string_view encode_get(const UpdateGet& get, char* buffer, std::size_t capacity) {
  if (!is_hex(get.id.view(), kUpdateIdDigits) || get.length == 0 || get.length > kMaxChunkBytes)
    return {};
  JsonWriter out(buffer, capacity);
  write_member(out, "{\"id\":", get.id.view());
  write_member(out, ",\"offset\":", get.offset);
  write_member(out, ",\"length\":", get.length);
  out.raw("}");
  return out.text();
}

std::string_view encode_piece(const UpdatePiece& piece, char* buffer, std::size_t capacity) {
  const std::string_view id = piece.id.view();
  const std::size_t size = kUpdatePieceHeadBytes + piece.bytes.size();
  if (!is_hex(id, kUpdateIdDigits) || piece.bytes.empty() || piece.bytes.size() > kMaxChunkBytes ||
      size > capacity)
    return {};
  char* at = buffer;
  for (int shift = 24; shift >= 0; shift -= 8)
    *at++ = static_cast<char>((piece.offset >> shift) & 0xff);
  for (std::size_t i = 0; i < id.size(); i += 2)
    *at++ = static_cast<char>(value_of(id[i]) << 4 | value_of(id[i + 1]));
  std::memcpy(at, piece.bytes.data(), piece.bytes.size());
  return {buffer, size};
}

Outcome decode_firmware(std::string_view payload, FirmwareReport& into) {
  into = {};
  std::optional<State> state;
  std::optional<std::uint32_t> offset;
  Outcome outcome = read_members(payload, [&](std::string_view name, JsonCursor& cursor) {
    if (name == "version") return read_word(cursor, into.version);
    if (name == "board") return read_word(cursor, into.board);
    if (name == "state") return read_state(cursor, state);
    if (name == "update") return read_update_id(cursor, into.update);
    if (name == "offset") return read_count(cursor, 0, kMaxImageBytes, offset);
    if (name == "reason") return read_cut_text(cursor, into.reason);
    return skip_member(cursor);
  });
  if (!outcome) return outcome;
  into.state = state.value_or(State::running);
  into.offset = offset.value_or(0);
  const bool named = into.state == State::running || !into.update.empty();
  if (into.version.empty() || into.board.empty() || !state || !named)
    outcome.refusal = Refusal::missing_member;
  return outcome;
}

Outcome decode_offer(std::string_view payload, UpdateOffer& into) {
  into = {};
  std::optional<std::uint32_t> size;
  Outcome outcome = read_members(payload, [&](std::string_view name, JsonCursor& cursor) {
    if (name == "id") return read_update_id(cursor, into.id);
    if (name == "version") return read_word(cursor, into.version);
    if (name == "board") return read_word(cursor, into.board);
    if (name == "size") return read_count(cursor, 1, kMaxImageBytes, size);
    if (name == "sha256") return read_sha256(cursor, into.sha256);
    if (name == "signature") return read_signature(cursor, into.signature);
    if (name == "cancel") {
      into.cancel = cursor.take_word("true");
      return into.cancel || cursor.take_word("false") ? Refusal::none : Refusal::bad_value;
    }
    return skip_member(cursor);
  });
  if (!outcome) return outcome;
  into.size = size.value_or(0);
  if (into.id.empty() || (!into.cancel && !is_whole(into)))
    outcome.refusal = Refusal::missing_member;
  return outcome;
}

Outcome decode_get(std::string_view payload, UpdateGet& into) {
  into = {};
  std::optional<std::uint32_t> offset;
  std::optional<std::uint32_t> length;
  Outcome outcome = read_members(payload, [&](std::string_view name, JsonCursor& cursor) {
    if (name == "id") return read_update_id(cursor, into.id);
    if (name == "offset") return read_count(cursor, 0, kMaxImageBytes, offset);
    if (name == "length") return read_count(cursor, 1, kMaxChunkBytes, length);
    return skip_member(cursor);
  });
  if (!outcome) return outcome;
  if (into.id.empty() || !offset || !length) {
    outcome.refusal = Refusal::missing_member;
    return outcome;
  }
  into.offset = *offset;
  into.length = *length;
  return outcome;
}

Outcome decode_piece(std::string_view payload, UpdatePiece& into) {
  into = {};
  if (payload.size() > kMaxUpdatePieceBytes) return {Refusal::too_large, kMaxUpdatePieceBytes};
  if (payload.size() <= kUpdatePieceHeadBytes) return {Refusal::empty, payload.size()};
  const auto byte = [&](std::size_t i) { return static_cast<std::uint8_t>(payload[i]); };
  for (std::size_t i = 0; i < 4; ++i) into.offset = into.offset << 8 | byte(i);
  char id[kUpdateIdDigits];
  for (std::size_t i = 0; i < kUpdateIdBytes; ++i) {
    id[2 * i] = kDigits[byte(4 + i) >> 4];
    id[2 * i + 1] = kDigits[byte(4 + i) & 0x0f];
  }
  into.id.assign({id, sizeof id});
  into.bytes = payload.substr(kUpdatePieceHeadBytes);
  return {Refusal::none, payload.size()};
}

std::string_view manifest(std::string_view board, std::string_view version, std::uint32_t size,
                          std::string_view sha256, char* buffer, std::size_t capacity) {
  if (!is_firmware_word(board) || !is_firmware_word(version) || !is_hex(sha256, kSha256Digits))
    return {};
  JsonWriter out(buffer, capacity);
  out.raw("croft-firmware-1\n");
  out.raw(board);
  out.raw("\n");
  out.raw(version);
  out.raw("\n");
  out.integer(size);
  out.raw("\n");
  out.raw(sha256);
  out.raw("\n");
  return out.text();
}

}  // namespace croft::protocol

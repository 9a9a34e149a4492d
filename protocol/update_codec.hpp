// Updates of a node's firmware over the air: offers, requests, pieces and the node's own reports.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "protocol/refusal.hpp"
#include "protocol/text.hpp"

namespace croft::protocol {

constexpr std::size_t kUpdateIdDigits = 2 * kUpdateIdBytes;
constexpr std::size_t kSha256Digits = 64;
constexpr std::size_t kMaxSignatureChars = 96;  // a P-256 signature in DER, in base64

using UpdateId = Text<kUpdateIdDigits>;  // is_hex

/// `{"version":"1.4.0","board":"nodemcuv2","state":"running"}`; with `"state":"fetching"` also
/// `"update"` and `"offset"`; with `"state":"failed"` also `"update"` and `"reason"`.
struct FirmwareReport {
  enum class State : std::uint8_t { running, fetching, failed };
  Text<kMaxFirmwareWordBytes> version;  // what runs now
  Text<kMaxFirmwareWordBytes> board;
  State state = State::running;
  UpdateId update;                     // empty when running
  std::uint32_t offset = 0;            // bytes fetched so far
  Text<kMaxUpdateReasonBytes> reason;  // when failed; UTF-8
};
std::string_view to_string(FirmwareReport::State state);

/// `{"id":"...","version":"1.5.0","board":"nodemcuv2","size":n,"sha256":"...","signature":"..."}`,
/// or `{"id":"...","cancel":true}`
struct UpdateOffer {
  UpdateId id;
  bool cancel = false;  // then nothing below is set
  Text<kMaxFirmwareWordBytes> version;
  Text<kMaxFirmwareWordBytes> board;
  std::uint32_t size = 0;  // 1 to kMaxImageBytes
  Text<kSha256Digits> sha256;
  Text<kMaxSignatureChars> signature;  // base64 of what is signed: manifest()
};

/// `{"id":"...","offset":4096,"length":1024}`
struct UpdateGet {
  UpdateId id;
  std::uint32_t offset = 0;
  std::uint32_t length = 0;  // 1 to kMaxChunkBytes
};

/// Not JSON: 4 bytes offset (big-endian), 16 bytes id, then the piece itself.
struct UpdatePiece {
  UpdateId id;
  std::uint32_t offset = 0;
  std::string_view bytes;  // points into the payload that was decoded
};

constexpr std::size_t kMaxFirmwareReportBytes =
    160 + 2 * kMaxFirmwareWordBytes + kUpdateIdDigits + 6 * kMaxUpdateReasonBytes;
constexpr std::size_t kMaxUpdateOfferBytes =
    120 + 2 * kMaxFirmwareWordBytes + kUpdateIdDigits + kSha256Digits + kMaxSignatureChars;
constexpr std::size_t kMaxUpdateGetBytes = 64 + kUpdateIdDigits;
constexpr std::size_t kUpdatePieceHeadBytes = 4 + kUpdateIdBytes;
constexpr std::size_t kMaxUpdatePieceBytes = kUpdatePieceHeadBytes + kMaxChunkBytes;
constexpr std::size_t kMaxManifestBytes =
    18 + 2 * (kMaxFirmwareWordBytes + 1) + 11 + kSha256Digits + 1;

/// Each encoder returns the payload in `buffer`, or empty when it does not fit or the message
/// breaks its own grammar; the constants above always suffice.
std::string_view encode_firmware(const FirmwareReport& report, char* buffer, std::size_t capacity);
std::string_view encode_offer(const UpdateOffer& offer, char* buffer, std::size_t capacity);
std::string_view encode_get(const UpdateGet& get, char* buffer, std::size_t capacity);
std::string_view encode_piece(const UpdatePiece& piece, char* buffer, std::size_t capacity);

/// Each decoder steps over members it does not know. After a refusal `into` is not to be used.
Outcome decode_firmware(std::string_view payload, FirmwareReport& into);
Outcome decode_offer(std::string_view payload, UpdateOffer& into);
Outcome decode_get(std::string_view payload, UpdateGet& into);
Outcome decode_piece(std::string_view payload, UpdatePiece& into);

/// What the owner signs and the node checks:
/// `croft-firmware-1\n<board>\n<version>\n<size>\n<sha256>\n`; empty when a part breaks its
/// grammar.
std::string_view manifest(std::string_view board, std::string_view version, std::uint32_t size,
                          std::string_view sha256, char* buffer, std::size_t capacity);

}  // namespace croft::protocol

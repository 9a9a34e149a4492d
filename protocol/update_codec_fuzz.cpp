// Fuzzes the update messages: what is accepted must be written back and mean the same.
// SPDX-License-Identifier: Apache-2.0
#include <cstdint>
#include <cstdlib>

#include "protocol/update_codec.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace croft::protocol;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (FirmwareReport report; decode_firmware(text, report)) {
    char buffer[kMaxFirmwareReportBytes];
    FirmwareReport back;
    if (!decode_firmware(encode_firmware(report, buffer, sizeof buffer), back)) std::abort();
    if (back.state != report.state) std::abort();
  }
  if (UpdateOffer offer; decode_offer(text, offer)) {
    char buffer[kMaxUpdateOfferBytes];
    UpdateOffer back;
    if (!decode_offer(encode_offer(offer, buffer, sizeof buffer), back)) std::abort();
    if (back.size != (offer.cancel ? 0 : offer.size)) std::abort();
  }
  if (UpdateGet get; decode_get(text, get)) {
    char buffer[kMaxUpdateGetBytes];
    UpdateGet back;
    if (!decode_get(encode_get(get, buffer, sizeof buffer), back)) std::abort();
  }
  if (UpdatePiece piece; decode_piece(text, piece)) {
    char buffer[kMaxUpdatePieceBytes];
    if (encode_piece(piece, buffer, sizeof buffer) != text) std::abort();
  }
  return 0;
}

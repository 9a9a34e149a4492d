// Tests of the messages that carry a firmware's update.
// SPDX-License-Identifier: Apache-2.0
#include "protocol/update_codec.hpp"

#include <gtest/gtest.h>

#include <string>

namespace croft::protocol {
namespace {

const std::string kId(kUpdateIdDigits, 'a');
const std::string kHash(kSha256Digits, '0');

UpdateOffer offer() {
  UpdateOffer offer;
  offer.id = std::string_view(kId);
  offer.version = std::string_view("1.5.0");
  offer.board = std::string_view("nodemcuv2");
  offer.size = 400'000;
  offer.sha256 = std::string_view(kHash);
  offer.signature = std::string_view("MEUCIQ==");
  return offer;
}

TEST(UpdateCodec, OffersComeBackWhole) {
  char buffer[kMaxUpdateOfferBytes];
  const auto text = encode_offer(offer(), buffer, sizeof buffer);
  EXPECT_EQ(text, "{\"id\":\"" + kId +
                      "\",\"version\":\"1.5.0\",\"board\":\"nodemcuv2\",\"size\":400000,"
                      "\"sha256\":\"" +
                      kHash + "\",\"signature\":\"MEUCIQ==\"}");
  UpdateOffer back;
  ASSERT_TRUE(decode_offer(text, back));
  EXPECT_EQ(back.version.view(), "1.5.0");
  EXPECT_EQ(back.board.view(), "nodemcuv2");
  EXPECT_EQ(back.size, 400'000u);
  EXPECT_EQ(back.sha256.view(), kHash);
  EXPECT_FALSE(back.cancel);
}

TEST(UpdateCodec, AnOfferCanBeTakenBack) {
  char buffer[kMaxUpdateOfferBytes];
  UpdateOffer taken;
  taken.id = std::string_view(kId);
  taken.cancel = true;
  UpdateOffer back;
  ASSERT_TRUE(decode_offer(encode_offer(taken, buffer, sizeof buffer), back));
  EXPECT_TRUE(back.cancel);
}

TEST(UpdateCodec, TheLongestOfEachFitsItsBuffer) {
  const std::string word(kMaxFirmwareWordBytes, 'w');
  auto longest = offer();
  longest.version = longest.board = std::string_view(word);
  longest.size = kMaxImageBytes;
  longest.signature.assign(std::string(kMaxSignatureChars, 'x'));
  char text[kMaxUpdateOfferBytes];
  EXPECT_NE(encode_offer(longest, text, sizeof text), "");
  FirmwareReport report;
  report.version = report.board = std::string_view(word);
  report.state = FirmwareReport::State::failed;
  report.update = std::string_view(kId);
  report.reason.assign(std::string(kMaxUpdateReasonBytes, '\x01'));
  char told[kMaxFirmwareReportBytes];
  EXPECT_NE(encode_firmware(report, told, sizeof told), "");
  char line[kMaxManifestBytes];
  EXPECT_NE(manifest(word, word, 4'294'967'295u, kHash, line, sizeof line), "");
}

TEST(UpdateCodec, IncompleteOrOversizedOffersAreRefused) {
  UpdateOffer into;
  for (const std::string& wrong :
       {std::string("{}"), "{\"id\":\"" + kId + "\"}",
        std::string("{\"id\":\"short\",\"cancel\":true}"),
        "{\"id\":\"" + kId + "\",\"version\":\"a b\",\"board\":\"b\",\"size\":1}",
        "{\"id\":\"" + kId + "\",\"version\":\"1\",\"board\":\"b\",\"size\":1047553,\"sha256\":\"" +
            kHash + "\",\"signature\":\"MEUC\"}",
        "{\"id\":\"" + kId + "\",\"version\":\"1\",\"board\":\"b\",\"size\":0,\"sha256\":\"" +
            kHash + "\",\"signature\":\"MEUC\"}"})
    EXPECT_FALSE(decode_offer(wrong, into)) << wrong;
}

TEST(UpdateCodec, ReportsSayWhatRunsAndHowTheUpdateGoes) {
  FirmwareReport report;
  ASSERT_TRUE(
      decode_firmware(R"({"version":"1.4.0","board":"nodemcuv2","state":"running"})", report));
  EXPECT_EQ(report.state, FirmwareReport::State::running);
  ASSERT_TRUE(decode_firmware(
      R"({"version":"1","board":"b","state":"fetching","offset":2048,"update":")" + kId + "\"}",
      report));
  EXPECT_EQ(report.offset, 2048u);
  ASSERT_TRUE(decode_firmware(
      R"({"version":"1","board":"b","state":"failed","reason":"rolled back","update":")" + kId +
          "\"}",
      report));
  EXPECT_EQ(report.reason.view(), "rolled back");
  for (const char* wrong : {"", "{}", R"({"version":"1","board":"b"})",
                            R"({"version":"1","board":"b","state":"failed"})",
                            R"({"version":"1","board":"b","state":"odd"})",
                            R"({"version":"","board":"b","state":"running"})"})
    EXPECT_FALSE(decode_firmware(wrong, report)) << wrong;
}

TEST(UpdateCodec, RequestsAskForAKilobyteAtMost) {
  UpdateGet get;
  get.id = std::string_view(kId);
  get.offset = 4096;
  get.length = kMaxChunkBytes;
  char buffer[kMaxUpdateGetBytes];
  UpdateGet back;
  ASSERT_TRUE(decode_get(encode_get(get, buffer, sizeof buffer), back));
  EXPECT_EQ(back.offset, 4096u);
  EXPECT_EQ(back.length, kMaxChunkBytes);
  get.length = kMaxChunkBytes + 1;
  EXPECT_EQ(encode_get(get, buffer, sizeof buffer), "");
  EXPECT_FALSE(decode_get("{\"id\":\"" + kId + "\",\"offset\":0,\"length\":1025}", back));
  EXPECT_FALSE(decode_get("{\"id\":\"" + kId + "\",\"offset\":0}", back));
}

TEST(UpdateCodec, PiecesAreBytesBehindTwentyOfHead) {
  UpdatePiece piece;
  piece.id = std::string_view("00112233445566778899aabbccddeeff");
  piece.offset = 0x01020304;
  piece.bytes = std::string_view("\x00\xff", 2);
  char buffer[kMaxUpdatePieceBytes];
  const auto text = encode_piece(piece, buffer, sizeof buffer);
  ASSERT_EQ(text.size(), 22u);
  EXPECT_EQ(text.substr(0, 6), std::string_view("\x01\x02\x03\x04\x00\x11", 6));
  UpdatePiece back;
  ASSERT_TRUE(decode_piece(text, back));
  EXPECT_EQ(back.id.view(), piece.id.view());
  EXPECT_EQ(back.offset, piece.offset);
  EXPECT_EQ(back.bytes, piece.bytes);
  EXPECT_FALSE(decode_piece(text.substr(0, 20), back)) << "no bytes";
  EXPECT_FALSE(decode_piece(std::string(kMaxUpdatePieceBytes + 1, 'x'), back));
}

TEST(UpdateCodec, TheManifestIsSpelledAsDocumented) {
  char line[kMaxManifestBytes];
  EXPECT_EQ(manifest("nodemcuv2", "1.5.0", 12, kHash, line, sizeof line),
            "croft-firmware-1\nnodemcuv2\n1.5.0\n12\n" + kHash + "\n");
  EXPECT_EQ(manifest("two\nlines", "1", 12, kHash, line, sizeof line), "");
}

}  // namespace
}  // namespace croft::protocol

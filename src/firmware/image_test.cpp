// Tests of signed images: what was signed opens, and nothing else does.
// SPDX-License-Identifier: Apache-2.0
#include "firmware/image.hpp"

#include <gtest/gtest.h>

#include "protocol/limits.hpp"
#include "tls/provider.hpp"

namespace croft::firmware {
namespace {

struct SignedImage : testing::Test {
  Result<Image> opened(std::string_view text) const { return open(text, {signer.certificate}); }

  tls::Pair signer = tls::provider().make_signer();
  std::string bytes = std::string("\xe9\x00\n\xff", 4) + std::string(5000, 'x');
  std::string file = sign(bytes, "nodemcuv2", "1.5.0", signer.key).value();
};

TEST_F(SignedImage, SaysWhatItIs) {
  const auto image = opened(file);
  ASSERT_TRUE(image);
  EXPECT_EQ(image->board, "nodemcuv2");
  EXPECT_EQ(image->version, "1.5.0");
  EXPECT_EQ(image->bytes, bytes);
  EXPECT_EQ(image->signature.size() % 4, 0U);
}

TEST_F(SignedImage, OpensWithAnyOfTheKeys) {
  const auto other = tls::provider().make_signer();
  EXPECT_TRUE(open(file, {other.certificate, signer.certificate}));
  const auto refused = open(file, {other.certificate});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Code::forbidden);
  EXPECT_FALSE(open(file, {})) << "without a key nothing is believed";
}

TEST_F(SignedImage, WithAnyByteChangedIsRefused) {
  for (std::size_t at = 0; at < file.size(); at += at < 300 ? 1 : 97) {
    auto tampered = file;
    tampered[at] = static_cast<char>(tampered[at] ^ 1);
    EXPECT_FALSE(opened(tampered)) << "byte " << at;
  }
}

TEST_F(SignedImage, CutAnywhereIsRefused) {
  for (std::size_t size = 0; size < file.size(); size += size < 300 ? 1 : 97)
    EXPECT_FALSE(opened(std::string_view(file).substr(0, size))) << size << " bytes";
  EXPECT_FALSE(opened(file + "x"));
}

TEST_F(SignedImage, IsNotMadeOfWhatNoNodeCouldTake) {
  EXPECT_FALSE(sign("", "nodemcuv2", "1", signer.key));
  EXPECT_FALSE(sign("x", "two words", "1", signer.key));
  EXPECT_FALSE(sign("x", "nodemcuv2", "1\n2", signer.key));
  EXPECT_FALSE(sign(std::string(protocol::kMaxImageBytes + 1, 'x'), "nodemcuv2", "1", signer.key));
  EXPECT_TRUE(sign(std::string(protocol::kMaxImageBytes, 'x'), "nodemcuv2", "1", signer.key));
}

TEST_F(SignedImage, NeedsAKeyOfTheRightKind) {
  EXPECT_THROW(sign("x", "nodemcuv2", "1", "no key"), std::runtime_error);
  EXPECT_THROW(sign("x", "nodemcuv2", "1", signer.certificate), std::runtime_error)
      << "the public one signs nothing";
  EXPECT_THROW(open(file, {"no key"}), std::runtime_error);
}

}  // namespace
}  // namespace croft::firmware

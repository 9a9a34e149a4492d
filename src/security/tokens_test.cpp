// Tests of tokens: what is accepted, and everything that must not be.
// SPDX-License-Identifier: Apache-2.0
#include "security/tokens.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "base/ids.hpp"
#include "security/digest.hpp"

namespace croft::security {
namespace {

class Tokens : public testing::Test {
 protected:
  void SetUp() override { prepare_crypto(); }
  Principal alice() const {
    return {UserId("alice"), "Alice", SessionId("s1"), Role::admin, now_ + Seconds(60)};
  }
  Instant now_ = instant_from_ms(1'763'812'800'000);
  SigningKey key_ = SigningKey::generate();
  Verifier verifier_{key_.public_key};
};

}  // namespace

TEST_F(Tokens, CarryWhoAndWhichSession) {
  const auto token = sign_token(key_, alice(), now_);
  for (int twice = 0; twice < 2; ++twice) {
    const auto principal = verifier_.verify(token, now_);
    ASSERT_TRUE(principal);
    EXPECT_EQ(principal->user, UserId("alice"));
    EXPECT_EQ(principal->username, "Alice");
    EXPECT_EQ(principal->session, SessionId("s1"));
    EXPECT_EQ(principal->role, Role::admin);
  }
}

TEST_F(Tokens, ExpireEvenWhenRemembered) {
  const auto token = sign_token(key_, alice(), now_);
  EXPECT_TRUE(verifier_.verify(token, now_ + Seconds(59)));
  EXPECT_FALSE(verifier_.verify(token, now_ + Seconds(60)));
  EXPECT_FALSE(verifier_.verify(token, now_ + Seconds(60)));
}

TEST_F(Tokens, AreRefusedWhenAnyCharacterChanges) {
  const auto token = sign_token(key_, alice(), now_);
  for (std::size_t i = 0; i < token.size(); ++i) {
    auto damaged = token;
    damaged[i] = damaged[i] == 'A' ? 'B' : 'A';
    EXPECT_FALSE(verifier_.verify(damaged, now_)) << i;
  }
  for (std::size_t length = 0; length < token.size(); ++length)
    EXPECT_FALSE(verifier_.verify(token.substr(0, length), now_)) << length;
}

TEST_F(Tokens, OfAnotherKeyAreRefused) {
  const auto stranger = SigningKey::generate();
  EXPECT_FALSE(verifier_.verify(sign_token(stranger, alice(), now_), now_));
}

TEST_F(Tokens, WithAnotherAlgorithmAreRefused) {
  const auto token = sign_token(key_, alice(), now_);
  const auto claims = token.substr(token.find('.') + 1);
  const auto payload = claims.substr(0, claims.find('.'));
  for (const auto* header : {R"({"alg":"none"})", R"({"alg":"HS256","typ":"at+jwt"})"})
    for (const auto& end : {std::string("."), claims.substr(claims.find('.'))})
      EXPECT_FALSE(verifier_.verify(base64url(header) + "." + payload + end, now_));
}

TEST_F(Tokens, KeyIsMadeOnceAndReadBack) {
  const auto path = std::filesystem::temp_directory_path() / ("croft-key-" + new_id());
  const auto made = SigningKey::load_or_make(path);
  EXPECT_EQ(SigningKey::load_or_make(path).public_key, made.public_key);
  std::filesystem::permissions(path, std::filesystem::perms::others_read,
                               std::filesystem::perm_options::add);
  EXPECT_THROW(SigningKey::load_or_make(path), std::runtime_error);
  std::filesystem::permissions(
      path, std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
  std::ofstream(path) << "damaged";
  EXPECT_THROW(SigningKey::load_or_make(path), std::runtime_error);
  std::filesystem::remove(path);
}

}  // namespace croft::security

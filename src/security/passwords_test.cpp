// Tests of passwords.
// SPDX-License-Identifier: Apache-2.0
#include "security/passwords.hpp"

#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>

#include "security/digest.hpp"

namespace croft::security {

TEST(Passwords, AreHashedWithArgon2idAndVerified) {
  prepare_crypto();
  asio::io_context loop;
  Passwords passwords;
  auto story = [&]() -> Task<void> {
    const auto hash = co_await passwords.hash("correct horse");
    EXPECT_TRUE(hash->starts_with("$argon2id$"));
    const auto right = co_await passwords.verify("correct horse", *hash);
    EXPECT_TRUE(right);
    const auto wrong = co_await passwords.verify("correct house", *hash);
    EXPECT_EQ(wrong.error().code, Code::unauthenticated);
    const auto nobody = co_await passwords.verify("nobody has this password", std::nullopt);
    EXPECT_EQ(nobody.error().code, Code::unauthenticated);
  };
  spawn(loop.get_executor(), "test", story());
  loop.run();
}

TEST(Passwords, BeyondTheQueueAreToldToComeBack) {
  prepare_crypto();
  asio::io_context loop;
  Passwords passwords;
  int refused = 0;
  auto one = [&]() -> Task<void> {
    const auto hash = co_await passwords.hash("correct horse");
    if (!hash && hash.error().code == Code::too_many) ++refused;
  };
  for (int i = 0; i < 40; ++i) spawn(loop.get_executor(), "test", one());
  loop.run();
  EXPECT_EQ(refused, 8);
}

TEST(Weakness, AsksForLengthAndRefusesTheCommonest) {
  EXPECT_TRUE(weakness("short", "alice"));
  EXPECT_TRUE(weakness("Password1", "alice"));
  EXPECT_TRUE(weakness("alicealice", "AliceAlice"));
  EXPECT_TRUE(weakness("zzzzzzzzzz", "alice"));
  EXPECT_TRUE(weakness(std::string(257, 'x') + "y", "alice"));
  EXPECT_FALSE(weakness("soil and rain", "alice"));
}

}  // namespace croft::security

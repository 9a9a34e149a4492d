// Tests of ids and tokens.
// SPDX-License-Identifier: Apache-2.0
#include "base/ids.hpp"

#include <gtest/gtest.h>

#include <set>

#include "base/clock.hpp"

namespace croft {

TEST(NewId, IsShortDistinctAndOfPlainCharacters) {
  std::set<std::string> seen;
  for (int i = 0; i < 1000; ++i) {
    const auto id = new_id();
    EXPECT_EQ(id.size(), 16U);
    EXPECT_EQ(id.find_first_not_of("0123456789abcdefghjkmnpqrstvwxyz"), std::string::npos);
    seen.insert(id);
  }
  EXPECT_EQ(seen.size(), 1000U);
}

TEST(NewId, BeginsWithTheTimeInMilliseconds) {
  constexpr std::string_view kAlphabet = "0123456789abcdefghjkmnpqrstvwxyz";
  const auto before = SystemClock().now().time_since_epoch().count();
  const auto id = new_id();
  const auto after = SystemClock().now().time_since_epoch().count();
  std::int64_t first_50_bits = 0;  // the time has 48 of them
  for (const char letter : id.substr(0, 10))
    first_50_bits = first_50_bits * 32 + static_cast<std::int64_t>(kAlphabet.find(letter));
  EXPECT_GE(first_50_bits >> 2, before);
  EXPECT_LE(first_50_bits >> 2, after);
}

TEST(RandomToken, CarriesAsManyBitsAsAsked) {
  EXPECT_EQ(random_token(32).size(), 43U);
  EXPECT_NE(random_token(32), random_token(32));
}

}  // namespace croft

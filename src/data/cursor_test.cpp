// Tests of the cursors of reading lists.
// SPDX-License-Identifier: Apache-2.0
#include "data/cursor.hpp"

#include <gtest/gtest.h>

#include <limits>

namespace croft::data {
namespace {

constexpr Position kSome{1'763'812'800'123, 7, -5};

}  // namespace

TEST(Cursor, GivesBackThePosition) {
  constexpr auto kMost = std::numeric_limits<std::int64_t>::max();
  constexpr auto kLeast = std::numeric_limits<std::int64_t>::min();
  for (const Position& at : {kSome, Position{}, Position{kMost, kLeast, kMost}})
    EXPECT_EQ(read_cursor(write_cursor(at)), at);
}

TEST(Cursor, NeedsNoEscapingInAnAddress) {
  EXPECT_EQ(write_cursor(kSome).find_first_not_of(
                "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"),
            std::string::npos);
}

TEST(Cursor, NoticesEveryChangedCharacter) {
  const auto whole = write_cursor(kSome);
  for (std::size_t at = 0; at < whole.size(); ++at) {
    auto changed = whole;
    changed[at] = changed[at] == 'A' ? 'B' : 'A';
    EXPECT_FALSE(read_cursor(changed)) << at;
    changed[at] = '=';
    EXPECT_FALSE(read_cursor(changed)) << at;
  }
}

TEST(Cursor, RefusesWhatIsCutOrLengthened) {
  const auto whole = write_cursor(kSome);
  for (std::size_t size = 0; size < whole.size(); ++size)
    EXPECT_FALSE(read_cursor(whole.substr(0, size)));
  EXPECT_FALSE(read_cursor(whole + "AAAA"));
}

}  // namespace croft::data

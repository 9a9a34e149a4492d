// Tests of the stored form of a reading's values.
// SPDX-License-Identifier: Apache-2.0
#include "data/value_codec.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <random>
#include <vector>

namespace croft::data {
namespace {

CodedValue number(std::uint32_t measurement, double value) { return {measurement, value, false}; }
CodedValue truth(std::uint32_t measurement, bool value) {
  return {measurement, value ? 1.0 : 0.0, true};
}

std::string encoded(const std::vector<CodedValue>& values, bool server_time = false) {
  std::string out;
  encode_values(out, server_time, values);
  return out;
}

// Nothing when damaged.
std::optional<std::vector<CodedValue>> decoded(std::string_view bytes) {
  ValueReader in(bytes);
  std::vector<CodedValue> values;
  for (CodedValue value; in.next(value);) values.push_back(value);
  if (in.damaged()) return std::nullopt;
  return values;
}

bool same_bits(double a, double b) { return a == b && std::signbit(a) == std::signbit(b); }

}  // namespace

TEST(ValueCodec, GivesBackExactlyWhatWentIn) {
  const std::vector<CodedValue> values = {number(1, 23.5),    truth(2, true),       truth(3, false),
                                          number(4, -0.125),  number(5, 1e300),     number(17, 512),
                                          number(900, 0.001), number(90000, -41.07)};
  EXPECT_EQ(decoded(encoded(values)), values);
}

TEST(ValueCodec, KeepsEveryDoubleBitForBit) {
  std::mt19937_64 random(7);
  std::vector<double> numbers = {0.0,
                                 -0.0,
                                 0.1,
                                 -0.1,
                                 9007199254740992.0,
                                 9007199254740994.0,
                                 -9007199254740992.0,
                                 std::numeric_limits<double>::max(),
                                 std::numeric_limits<double>::denorm_min()};
  for (int i = 0; i < 20'000; ++i) {
    const auto raw = std::bit_cast<double>(random());
    if (std::isfinite(raw)) numbers.push_back(raw);
    numbers.push_back(static_cast<double>(static_cast<std::int64_t>(random()) >> 40) / 1000);
  }
  for (const double before : numbers) {
    const auto after = decoded(encoded({number(1, before)}));
    ASSERT_TRUE(after && after->size() == 1);
    ASSERT_TRUE(same_bits((*after)[0].number, before)) << before;
  }
}

TEST(ValueCodec, NeedsNineBytesForTheThreeStandardMeasurements) {
  EXPECT_EQ(encoded({number(1, 23.5), number(2, 41), number(3, 512)}).size(), 9U);
}

TEST(ValueCodec, KeepsDecimalsAsShortIntegers) {
  EXPECT_EQ(encoded({number(1, 3)}).size(), 3U);
  EXPECT_EQ(encoded({number(1, 3.1)}).size(), 3U);
  EXPECT_EQ(encoded({number(1, 3.14)}).size(), 4U);
  EXPECT_EQ(encoded({number(1, 3.141)}).size(), 4U);
  EXPECT_EQ(encoded({number(1, 3.1415)}).size(), 10U);
}

TEST(ValueCodec, RemembersWhoseClockItWas) {
  EXPECT_TRUE(ValueReader(encoded({}, true)).server_time());
  EXPECT_FALSE(ValueReader(encoded({}, false)).server_time());
}

TEST(ValueCodec, CallsEveryCutTextDamagedOrShorter) {
  const auto whole = encoded({number(1, 3.1415), number(300, 100'000), truth(301, true)});
  const auto values = *decoded(whole);
  for (std::size_t size = 0; size < whole.size(); ++size) {
    const auto part = decoded(whole.substr(0, size));
    if (part) EXPECT_LT(part->size(), values.size()) << size;
  }
  EXPECT_FALSE(decoded(""));
  EXPECT_FALSE(decoded(whole.substr(0, 5)));
}

TEST(ValueCodec, CallsWhatItNeverWritesDamaged) {
  using namespace std::string_view_literals;
  EXPECT_FALSE(decoded("\x20"sv));              // another version
  EXPECT_FALSE(decoded("\x12"sv));              // an unknown flag
  EXPECT_FALSE(decoded("\x10\x0f"sv));          // an unknown type
  EXPECT_FALSE(decoded("\x10\x00"sv));          // measurement 0
  EXPECT_FALSE(decoded("\x10\x09\x09"sv));      // one measurement twice
  EXPECT_FALSE(decoded("\x10\x11\x09"sv));      // not ascending
  EXPECT_FALSE(decoded("\x10\x0a\x80\x00"sv));  // a varint with padding
  EXPECT_FALSE(decoded("\x10\x0a\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"sv));  // endless
  EXPECT_FALSE(decoded("\x10\x0a\xff\xff\xff\xff\xff\xff\xff\xff\x7f"sv));          // beyond 2^53
  EXPECT_FALSE(decoded("\x10\x0e\0\0\0\0\0\0\xf0\x7f"sv));                          // infinity
  EXPECT_TRUE(decoded("\x10\x0e\0\0\0\0\0\0\xf0\x3f"sv));                           // one
}

}  // namespace croft::data

// Tests of RFC 3339 in and out.
// SPDX-License-Identifier: Apache-2.0
#include "base/clock.hpp"

#include <gtest/gtest.h>

namespace croft {

TEST(Instant, IsWrittenWithMilliseconds) {
  EXPECT_EQ(format_instant(instant_from_ms(0)), "1970-01-01T00:00:00.000Z");
  EXPECT_EQ(format_instant(instant_from_ms(1'763'812'800'250)), "2025-11-22T12:00:00.250Z");
}

TEST(Instant, ReadsBackWhatItWrote) {
  for (const std::int64_t ms : {0LL, 951'782'399'999LL, 1'709'164'800'001LL, 4'102'444'800'000LL})
    EXPECT_EQ(to_ms(*parse_instant(format_instant(instant_from_ms(ms)))), ms);
}

TEST(Instant, ReadsOffsetsAndFractions) {
  EXPECT_EQ(parse_instant("2026-11-22T14:00:00+01:00"), parse_instant("2026-11-22T13:00:00Z"));
  EXPECT_EQ(parse_instant("2026-11-22T13:00:00.5Z"), parse_instant("2026-11-22T13:00:00.500Z"));
  EXPECT_EQ(parse_instant("2026-11-22T13:00:00.1239Z"), parse_instant("2026-11-22T13:00:00.123Z"));
}

TEST(Instant, RefusesWhatIsNotOne) {
  for (const auto* text : {"", "2026", "2026-13-01T00:00:00Z", "2026-02-30T00:00:00Z", "2026-02-03",
                           "2026-02-03T24:00:00Z", "2026-02-03T10:00:00", "2026-02-03T10:00:00.Z",
                           "2026-02-03T10:00:00+1:00", "2026-02-03T10:00:00Zjunk"})
    EXPECT_FALSE(parse_instant(text)) << text;
}

TEST(IsoDuration, ReadsWeeksDownToSeconds) {
  const auto seconds = [](const char* text) { return parse_iso_duration(text)->count(); };
  EXPECT_EQ(seconds("PT5M"), 300);
  EXPECT_EQ(seconds("PT90S"), 90);
  EXPECT_EQ(seconds("PT1H30M"), 5400);
  EXPECT_EQ(seconds("P1DT12H"), 129'600);
  EXPECT_EQ(seconds("P2W"), 1'209'600);
  EXPECT_EQ(seconds("PT0S"), 0);
}

TEST(IsoDuration, RefusesWhatIsNotOneOrHasNoFixedLength) {
  for (const auto* text :
       {"", "P", "PT", "P1", "5M", "PT5", "P1M", "P1Y", "PT-5M", "PT5M3H", "PT5M5M", "P1DT",
        "PT1.5H", "PTT5M", "P5M", "PT5M ", "PT99999999999999999999S", "P99999W"})
    EXPECT_FALSE(parse_iso_duration(text)) << text;
}

}  // namespace croft

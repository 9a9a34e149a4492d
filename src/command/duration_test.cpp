// Tests of ISO 8601 durations.
// SPDX-License-Identifier: Apache-2.0
#include "command/duration.hpp"

#include <gtest/gtest.h>

namespace croft::command {

TEST(Duration, ReadsWhatHasAFixedLength) {
  EXPECT_EQ(parse_iso_duration("PT10M"), Seconds(600));
  EXPECT_EQ(parse_iso_duration("PT1H30M15S"), Seconds(5415));
  EXPECT_EQ(parse_iso_duration("P1DT2H"), Seconds(93600));
  EXPECT_EQ(parse_iso_duration("P2W"), Seconds(1209600));
  EXPECT_EQ(parse_iso_duration("PT0S"), Seconds(0));
}

TEST(Duration, RefusesEverythingElse) {
  for (const auto* wrong :
       {"", "P", "PT", "P1DT", "10M", "PT10", "P1M", "P1Y", "PT-5M", "PT1.5H", "PT5M1H", "PT1S1S",
        "P1H", "PT1D", "pt10m", "PT10M ", "PTT1S", "PT99999999999999999999S"})
    EXPECT_FALSE(parse_iso_duration(wrong)) << wrong;
}

}  // namespace croft::command

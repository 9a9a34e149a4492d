// The time range that a request asks for: `from` and `to`, or a `date`, in a time zone.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string_view>

#include "base/clock.hpp"
#include "data/parameters.hpp"
#include "protocol/limits.hpp"

namespace croft::data {

// Half-open: from <= time < to.
struct TimeRange {
  Instant from = instant_from_ms(protocol::kMinEpochMs);
  Instant to = instant_from_ms(protocol::kMaxEpochMs + 1);
};

// `date` (a whole day in `tz`) or `from` and/or `to`, each an RFC 3339 instant or a plain date,
// which means midnight in `tz`. `tz` is an IANA name, UTC when absent. Mistakes are noted, also
// when none of the three is there. On the loop (the zone database is read on first use).
TimeRange read_range(Parameters&);

// `from` and `to` as above; without them the 24 hours up to `now`.
TimeRange read_recent_range(Parameters&, Instant now);

}  // namespace croft::data

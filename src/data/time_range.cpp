// Reads time ranges with Howard Hinnant's time zones: days may have 23 or 25 hours.
// SPDX-License-Identifier: Apache-2.0
#include "data/time_range.hpp"

#include <date/tz.h>

#include <algorithm>
#include <stdexcept>

#include "base/log.hpp"

namespace croft::data {
namespace {

constexpr std::string_view kMomentHint =
    "must be an RFC 3339 instant such as 2026-11-22T18:00:00Z or a date such as 2026-11-22";

// Knows how to turn a local midnight into an instant; UTC needs no zone database.
class Zone {
 public:
  explicit Zone(Parameters& parameters) {
    const auto name = parameters.text("tz");
    if (!name || *name == "UTC") return;
    try {
      zone_ = date::locate_zone(std::string(*name));
    } catch (const std::runtime_error& error) {
      log::debug("data", "no such time zone", {{"tz", *name}, {"error", error.what()}});
      parameters.wrong("tz", "must be an IANA time zone such as Europe/Paris");
    }
  }

  // A midnight that the clocks skip is the moment they are put forward; of two, the first counts.
  Instant midnight(date::local_days day) const {
    if (zone_ == nullptr) return Instant{day.time_since_epoch()};
    return Instant{zone_->to_sys(day, date::choose::earliest).time_since_epoch()};
  }

 private:
  const date::time_zone* zone_ = nullptr;
};

std::optional<date::local_days> parse_date(std::string_view text) {
  if (text.size() != 10 || text[4] != '-' || text[7] != '-') return std::nullopt;
  int parts[3] = {0, 0, 0};
  constexpr std::size_t kStart[] = {0, 5, 8};
  constexpr std::size_t kEnd[] = {4, 7, 10};
  for (int part = 0; part < 3; ++part) {
    for (std::size_t at = kStart[part]; at < kEnd[part]; ++at) {
      if (text[at] < '0' || text[at] > '9') return std::nullopt;
      parts[part] = parts[part] * 10 + (text[at] - '0');
    }
  }
  const date::year_month_day day{date::year{parts[0]}, date::month(static_cast<unsigned>(parts[1])),
                                 date::day(static_cast<unsigned>(parts[2]))};
  if (!day.ok()) return std::nullopt;
  return date::local_days{day};
}

// In a query an unescaped '+' arrives as a space: "...T10:00:00+01:00" is what was meant.
std::optional<Instant> parse_instant_of_query(std::string_view text) {
  std::string mended(text);
  if (mended.size() > 19 && mended[mended.size() - 6] == ' ') mended[mended.size() - 6] = '+';
  return parse_instant(mended);
}

std::optional<Instant> moment(Parameters& parameters, std::string_view name, const Zone& zone) {
  const auto text = parameters.text(name);
  if (!text) return std::nullopt;
  if (const auto day = parse_date(*text)) return zone.midnight(*day);
  const auto at = parse_instant_of_query(*text);
  if (!at) parameters.wrong(name, std::string(kMomentHint));
  return at;
}

void check_order(Parameters& parameters, const TimeRange& range) {
  if (range.from > range.to) parameters.wrong("from", "must not be after to");
}

TimeRange whole_day(Parameters& parameters, const Zone& zone) {
  TimeRange range;
  if (parameters.text("from") || parameters.text("to"))
    parameters.wrong("date", "cannot be combined with from or to");
  const auto day = parse_date(*parameters.text("date"));
  if (!day) {
    parameters.wrong("date", "must be a date such as 2026-11-22");
    return range;
  }
  range.from = zone.midnight(*day);
  range.to = zone.midnight(*day + date::days{1});
  return range;
}

}  // namespace

TimeRange read_range(Parameters& parameters) {
  const Zone zone(parameters);
  if (parameters.text("date")) return whole_day(parameters, zone);
  TimeRange range;
  const auto from = moment(parameters, "from", zone);
  const auto to = moment(parameters, "to", zone);
  if (!parameters.text("from") && !parameters.text("to"))
    parameters.wrong("date", "is required, or from and to");
  range.from = from.value_or(range.from);
  range.to = to.value_or(range.to);
  check_order(parameters, range);
  return range;
}

TimeRange read_recent_range(Parameters& parameters, Instant now) {
  const Zone zone(parameters);
  const auto from = moment(parameters, "from", zone);
  const auto to = moment(parameters, "to", zone);
  TimeRange range;
  range.to = to.value_or(now);
  range.from = from.value_or(range.to - std::chrono::hours(24));
  check_order(parameters, range);
  return range;
}

}  // namespace croft::data

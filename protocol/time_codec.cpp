// RFC 3339 by hand: civil-date arithmetic on the proleptic Gregorian calendar.
// SPDX-License-Identifier: Apache-2.0
#include "protocol/time_codec.hpp"

#include <cmath>

#include "protocol/text.hpp"

namespace croft::protocol {
namespace {

constexpr std::int64_t kDayMs = 86400000;

// Days since 1970-01-01. A year counted from March ends with its leap day, which makes the month
// lengths one linear formula; 400 years are 146097 days.
constexpr std::int64_t days_from_civil(int year, int month, int day) {
  const int y = month <= 2 ? year - 1 : year;
  const int era = (y >= 0 ? y : y - 399) / 400;
  const int year_of_era = y - era * 400;
  const int day_of_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;
  const int day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
  return static_cast<std::int64_t>(era) * 146097 + day_of_era - 719468;
}
static_assert(days_from_civil(1970, 1, 1) == 0 && days_from_civil(2000, 3, 1) == 11017);

struct Civil {
  int year, month, day;
};

constexpr Civil civil_from_days(std::int64_t days) {
  const std::int64_t z = days + 719468;
  const std::int64_t era = (z >= 0 ? z : z - 146096) / 146097;
  const int day_of_era = static_cast<int>(z - era * 146097);
  const int year_of_era =
      (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
  const int day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  const int shifted = (5 * day_of_year + 2) / 153;
  const int month = shifted < 10 ? shifted + 3 : shifted - 9;
  const int year = year_of_era + static_cast<int>(era) * 400 + (month <= 2 ? 1 : 0);
  return {year, month, day_of_year - (153 * shifted + 2) / 5 + 1};
}

constexpr int days_in_month(int year, int month) {
  constexpr int kDays[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  const bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
  return month == 2 && leap ? 29 : kDays[month - 1];
}

// Reads from the front of the text; a failure sticks.
struct Scan {
  std::string_view rest;
  bool ok = true;

  int digits(int count) {
    int value = 0;
    for (int i = 0; i < count; ++i) {
      if (rest.empty() || !is_digit(rest[0])) return fail();
      value = value * 10 + (rest[0] - '0');
      rest.remove_prefix(1);
    }
    return value;
  }
  bool take(char c) {
    if (rest.empty() || rest[0] != c) return false;
    rest.remove_prefix(1);
    return true;
  }
  void need(char c) {
    if (!take(c)) fail();
  }
  int fail() {
    ok = false;
    rest = {};
    return 0;
  }
};

int fraction_ms(Scan& scan) {
  if (!scan.take('.')) return 0;
  int ms = scan.digits(1) * 100;
  for (int weight = 10; !scan.rest.empty() && is_digit(scan.rest[0]); weight /= 10) {
    ms += (scan.rest[0] - '0') * weight;
    scan.rest.remove_prefix(1);
  }
  return ms;
}

// Minutes east of UTC.
int offset_minutes(Scan& scan) {
  if (scan.take('Z') || scan.take('z')) return 0;
  const bool east = scan.take('+');
  if (!east) scan.need('-');
  const int hours = scan.digits(2);
  scan.need(':');
  const int minutes = scan.digits(2);
  if (hours > 23 || minutes > 59) return scan.fail();
  return (east ? 1 : -1) * (hours * 60 + minutes);
}

void put(char* at, int width, int value) {
  for (int i = width - 1; i >= 0; --i, value /= 10) at[i] = static_cast<char>('0' + value % 10);
}

std::int64_t clamp_time(std::int64_t ms) {
  return ms < kMinEpochMs ? kMinEpochMs : ms > kMaxEpochMs ? kMaxEpochMs : ms;
}

}  // namespace

std::optional<std::int64_t> parse_time(std::string_view text) {
  Scan scan{text};
  const int year = scan.digits(4);
  scan.need('-');
  const int month = scan.digits(2);
  scan.need('-');
  const int day = scan.digits(2);
  if (!scan.take('T') && !scan.take('t') && !scan.take(' ')) scan.fail();
  const int hour = scan.digits(2);
  scan.need(':');
  const int minute = scan.digits(2);
  scan.need(':');
  const int second = scan.digits(2);
  const int ms = fraction_ms(scan);
  const int offset = offset_minutes(scan);
  if (!scan.ok || !scan.rest.empty()) return std::nullopt;
  if (month < 1 || month > 12 || day < 1 || day > days_in_month(year, month)) return std::nullopt;
  if (hour > 23 || minute > 59 || second > 60) return std::nullopt;
  const std::int64_t of_day =
      ((hour * 60 + minute - offset) * std::int64_t{60} + second) * 1000 + (second == 60 ? 0 : ms);
  const std::int64_t instant = days_from_civil(year, month, day) * kDayMs + of_day;
  if (instant < kMinEpochMs || instant > kMaxEpochMs) return std::nullopt;
  return instant;
}

std::string_view write_time(std::int64_t epoch_ms, char (&buffer)[kTimeBytes]) {
  const std::int64_t instant = clamp_time(epoch_ms);
  std::int64_t days = instant / kDayMs;
  if (instant % kDayMs < 0) --days;
  const int of_day = static_cast<int>(instant - days * kDayMs);
  const Civil date = civil_from_days(days);
  put(buffer, 4, date.year);
  buffer[4] = '-';
  put(buffer + 5, 2, date.month);
  buffer[7] = '-';
  put(buffer + 8, 2, date.day);
  buffer[10] = 'T';
  put(buffer + 11, 2, of_day / 3600000);
  buffer[13] = ':';
  put(buffer + 14, 2, of_day / 60000 % 60);
  buffer[16] = ':';
  put(buffer + 17, 2, of_day / 1000 % 60);
  buffer[19] = '.';
  put(buffer + 20, 3, of_day % 1000);
  buffer[23] = 'Z';
  return {buffer, kTimeBytes};
}

std::int64_t time_from_number(double number) {
  const double ms = std::fabs(number) < 1e11 ? number * 1000 : number;
  if (ms <= static_cast<double>(kMinEpochMs)) return kMinEpochMs;
  if (ms >= static_cast<double>(kMaxEpochMs)) return kMaxEpochMs;
  return static_cast<std::int64_t>(std::floor(ms + 0.5));
}

}  // namespace croft::protocol

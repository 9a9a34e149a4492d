// The JSON scanner's numbers: the grammar of RFC 8259 and a correctly rounded double.
// SPDX-License-Identifier: Apache-2.0
#include <charconv>
#include <cmath>

#include "protocol/json_cursor.hpp"

namespace croft::protocol {
namespace {

constexpr double kPowersOfTen[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                   1e8,  1e9,  1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
                                   1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
constexpr int kMaxExactDigits = 15;  // such a mantissa is exact in a double
constexpr int kMaxExactPower = 22;   // and so is such a power of ten: one operation, one rounding
constexpr std::int64_t kManyDigits =
    1000000;  // exponents saturate; no payload has that many digits

// The number as it was spelled: 0.digits times ten to the `point`.
struct Spelling {
  std::uint64_t mantissa = 0;    // the first kMaxExactDigits significant digits
  int digits = 0;                // significant digits kept in the mantissa
  bool inexact = false;          // more digits than the mantissa keeps
  std::int64_t fraction = 0;     // digits after the decimal point
  std::int64_t significant = 0;  // significant digits in all
  std::int64_t exponent = 0;

  void digit(char c) {
    if (c == '0' && significant == 0) return;
    ++significant;
    if (digits == kMaxExactDigits) {
      inexact = true;
      return;
    }
    mantissa = mantissa * 10 + static_cast<std::uint64_t>(c - '0');
    ++digits;
  }
};

const char* read_digits(const char* at, const char* end, Spelling& number) {
  while (at != end && is_digit(*at)) number.digit(*at++);
  return at;
}

// After the 'e'. nullptr when no digit follows.
const char* read_exponent(const char* at, const char* end, Spelling& number) {
  bool negative = false;
  if (at != end && (*at == '+' || *at == '-')) negative = *at++ == '-';
  if (at == end || !is_digit(*at)) return nullptr;
  for (; at != end && is_digit(*at); ++at) {
    if (number.exponent < kManyDigits) number.exponent = number.exponent * 10 + (*at - '0');
  }
  if (negative) number.exponent = -number.exponent;
  return at;
}

// The end of the number that starts at `at` (after any minus); nullptr when malformed.
const char* read_spelling(const char* at, const char* end, Spelling& number) {
  if (at == end || !is_digit(*at)) return nullptr;
  at = *at == '0' ? at + 1 : read_digits(at, end, number);
  if (at != end && *at == '.') {
    const char* first = ++at;
    at = read_digits(at, end, number);
    if (at == first) return nullptr;
    number.fraction = at - first;
  }
  if (at != end && (*at == 'e' || *at == 'E')) return read_exponent(at + 1, end, number);
  return at;
}

JsonNumber convert_slowly(const char* begin, const char* end, const Spelling& number) {
#if defined(__cpp_lib_to_chars)
  double value = 0;
  const auto result = std::from_chars(begin, end, value);
  const bool small = number.significant - number.fraction + number.exponent <= 0;
  if (result.ec == std::errc::result_out_of_range && small) {
    return {*begin == '-' ? -0.0 : 0.0, JsonNumber::State::ok};
  }
  if (result.ec != std::errc{} || result.ptr != end || std::isinf(value)) {
    return {0, JsonNumber::State::overflow};
  }
  return {value, JsonNumber::State::ok};
#else
  // A small board's library cannot convert these; what a node hears never needs it.
  (void)begin, (void)end, (void)number;
  return {0, JsonNumber::State::overflow};
#endif
}

}  // namespace

JsonNumber JsonCursor::read_number() {
  const char* start = at_;
  const bool negative = at_ != end_ && *at_ == '-';
  Spelling number;
  const char* after = read_spelling(negative ? at_ + 1 : at_, end_, number);
  if (after == nullptr) return {};
  at_ = after;
  const std::int64_t power = number.exponent - number.fraction;
  if (number.significant == 0) return {negative ? -0.0 : 0.0, JsonNumber::State::ok};
  if (number.inexact || power < -kMaxExactPower || power > kMaxExactPower) {
    return convert_slowly(start, after, number);
  }
  double value = static_cast<double>(number.mantissa);
  value = power < 0 ? value / kPowersOfTen[-power] : value * kPowersOfTen[power];
  return {negative ? -value : value, JsonNumber::State::ok};
}

}  // namespace croft::protocol

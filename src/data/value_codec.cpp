// Encodes and decodes the values of a stored reading.
// SPDX-License-Identifier: Apache-2.0
#include "data/value_codec.hpp"

#include <bit>
#include <cmath>
#include <cstring>

#include "data/varint.hpp"

namespace croft::data {
namespace {

enum Type : std::uint8_t { kFalse, kTrue, kInteger, kTenths, kHundredths, kThousandths, kDouble };

constexpr unsigned char kVersion = 0x10;
constexpr unsigned char kServerTime = 0x01;
constexpr double kMaxExact = 9007199254740992.0;  // 2^53: beyond it integers are not exact
constexpr double kDivisors[] = {1, 10, 100, 1000};

void append_key(std::string& out, std::uint32_t measurement, Type type) {
  append_varint(out, std::uint64_t{measurement} << 3 | type);
}

void append_number(std::string& out, std::uint32_t measurement, double number) {
  for (int places = 0; places <= kMaxPlaces; ++places) {
    const auto scaled = scale(number, places);
    if (!scaled) continue;
    append_key(out, measurement, static_cast<Type>(kInteger + places));
    append_varint(out, zigzag(*scaled));
    return;
  }
  append_key(out, measurement, kDouble);
  append_raw(out, number);
}

}  // namespace

std::optional<std::int64_t> scale(double number, int places) {
  const double scaled = std::nearbyint(number * kDivisors[places]);
  const bool negative_zero = number == 0 && std::signbit(number);
  if (negative_zero || !(std::abs(scaled) <= kMaxExact)) return std::nullopt;
  if (scaled / kDivisors[places] != number) return std::nullopt;
  return static_cast<std::int64_t>(scaled);
}

double unscale(std::int64_t scaled, int places) {
  return static_cast<double>(scaled) / kDivisors[places];
}

void append_raw(std::string& out, double number) {
  const auto bits = std::bit_cast<std::uint64_t>(number);
  for (int shift = 0; shift < 64; shift += 8) out += static_cast<char>(bits >> shift);
}

bool read_raw(std::string_view& rest, double& number) {
  if (rest.size() < 8) return false;
  std::uint64_t bits = 0;
  for (std::size_t i = 0; i < 8; ++i)
    bits |= std::uint64_t{static_cast<unsigned char>(rest[i])} << 8 * i;
  rest.remove_prefix(8);
  number = std::bit_cast<double>(bits);
  return std::isfinite(number);
}

void encode_values(std::string& out, bool server_time, std::span<const CodedValue> values) {
  out += static_cast<char>(kVersion | (server_time ? kServerTime : 0));
  for (const auto& value : values) {
    if (value.is_boolean)
      append_key(out, value.measurement, value.number != 0 ? kTrue : kFalse);
    else
      append_number(out, value.measurement, value.number);
  }
}

ValueReader::ValueReader(std::string_view bytes) : rest_(bytes) {
  const auto first = bytes.empty() ? 0 : static_cast<unsigned char>(bytes.front());
  if ((first & ~kServerTime) != kVersion) {
    damage();
    return;
  }
  server_time_ = (first & kServerTime) != 0;
  rest_.remove_prefix(1);
}

bool ValueReader::next(CodedValue& value) {
  if (damaged_ || rest_.empty()) return false;
  std::uint64_t key = 0;
  if (!read_varint(rest_, key)) return damage();
  const std::uint64_t measurement = key >> 3;
  if (measurement <= last_ || measurement > kMaxMeasurementId) return damage();
  last_ = value.measurement = static_cast<std::uint32_t>(measurement);
  const auto type = static_cast<Type>(key & 7);
  value.is_boolean = type == kFalse || type == kTrue;
  if (value.is_boolean) {
    value.number = type == kTrue ? 1 : 0;
    return true;
  }
  if (type < kDouble) return read_scaled(type - kInteger, value.number);
  return (type == kDouble && read_raw(rest_, value.number)) || damage();
}

bool ValueReader::damage() {
  damaged_ = true;
  return false;
}

bool ValueReader::read_scaled(int places, double& number) {
  std::uint64_t text = 0;
  if (!read_varint(rest_, text)) return damage();
  const auto scaled = unzigzag(text);
  if (std::abs(static_cast<double>(scaled)) > kMaxExact) return damage();
  number = unscale(scaled, places);
  return true;
}

}  // namespace croft::data

// Encodes and decodes the values of a stored reading.
// SPDX-License-Identifier: Apache-2.0
#include "data/value_codec.hpp"

#include <bit>
#include <cmath>
#include <cstring>

namespace croft::data {
namespace {

enum Type : std::uint8_t { kFalse, kTrue, kInteger, kTenths, kHundredths, kThousandths, kDouble };

constexpr unsigned char kVersion = 0x10;
constexpr unsigned char kServerTime = 0x01;
constexpr double kMaxExact = 9007199254740992.0;  // 2^53: beyond it integers are not exact
constexpr double kDivisors[] = {1, 10, 100, 1000};

void append_varint(std::string& out, std::uint64_t value) {
  while (value >= 0x80) {
    out += static_cast<char>(value | 0x80);
    value >>= 7;
  }
  out += static_cast<char>(value);
}

std::uint64_t zigzag(std::int64_t value) {
  return (static_cast<std::uint64_t>(value) << 1) ^ static_cast<std::uint64_t>(value >> 63);
}

std::int64_t unzigzag(std::uint64_t value) {
  return static_cast<std::int64_t>(value >> 1) ^ -static_cast<std::int64_t>(value & 1);
}

void append_key(std::string& out, std::uint32_t measurement, Type type) {
  append_varint(out, std::uint64_t{measurement} << 3 | type);
}

void append_raw(std::string& out, double number) {
  const auto bits = std::bit_cast<std::uint64_t>(number);
  for (int shift = 0; shift < 64; shift += 8) out += static_cast<char>(bits >> shift);
}

void append_number(std::string& out, std::uint32_t measurement, double number) {
  const bool negative_zero = number == 0 && std::signbit(number);
  for (int places = 0; places < 4 && !negative_zero; ++places) {
    const double divisor = kDivisors[places];
    const double scaled = std::nearbyint(number * divisor);
    if (std::abs(scaled) > kMaxExact) break;
    if (scaled / divisor != number) continue;
    append_key(out, measurement, static_cast<Type>(kInteger + places));
    append_varint(out, zigzag(static_cast<std::int64_t>(scaled)));
    return;
  }
  append_key(out, measurement, kDouble);
  append_raw(out, number);
}

}  // namespace

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
  if (!read_varint(key)) return false;
  const std::uint64_t measurement = key >> 3;
  if (measurement <= last_ || measurement > kMaxMeasurementId) return damage();
  last_ = value.measurement = static_cast<std::uint32_t>(measurement);
  const auto type = static_cast<Type>(key & 7);
  value.is_boolean = type == kFalse || type == kTrue;
  if (value.is_boolean) {
    value.number = type == kTrue ? 1 : 0;
    return true;
  }
  if (type < kDouble) return read_scaled(kDivisors[type - kInteger], value.number);
  return type == kDouble ? read_double(value.number) : damage();
}

bool ValueReader::damage() {
  damaged_ = true;
  return false;
}

bool ValueReader::read_varint(std::uint64_t& value) {
  value = 0;
  for (int shift = 0; shift < 63 && !rest_.empty(); shift += 7) {
    const auto byte = static_cast<unsigned char>(rest_.front());
    rest_.remove_prefix(1);
    value |= std::uint64_t{byte & 0x7FU} << shift;
    if (byte >= 0x80) continue;
    if (byte == 0 && shift > 0) return damage();  // longer than it need be
    return true;
  }
  return damage();
}

bool ValueReader::read_scaled(double divisor, double& number) {
  std::uint64_t text = 0;
  if (!read_varint(text)) return false;
  const auto scaled = static_cast<double>(unzigzag(text));
  if (std::abs(scaled) > kMaxExact) return damage();
  number = scaled / divisor;
  return true;
}

bool ValueReader::read_double(double& number) {
  if (rest_.size() < 8) return damage();
  std::uint64_t bits = 0;
  for (int i = 0; i < 8; ++i)
    bits |= std::uint64_t{static_cast<unsigned char>(rest_[static_cast<std::size_t>(i)])} << 8 * i;
  rest_.remove_prefix(8);
  number = std::bit_cast<double>(bits);
  return std::isfinite(number) || damage();
}

}  // namespace croft::data

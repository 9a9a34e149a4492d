// A reading's values as the store keeps them: a few bytes each, measurement ids instead of names.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace croft::data {

// The text is:
//   1 byte      version (high four bits, 1) and flags (bit 0: the time is the server's)
//   per value   varint(measurement id << 3 | type), ids ascending, each once
//               type 0 false, 1 true, both without more
//               type 2 integer; 3, 4, 5 decimal with one, two or three places: zigzag varint
//               type 6 double, eight bytes, least significant first
// A number takes the first type that gives back exactly the same double, so equal readings have
// equal bytes. The three standard measurements take 9 bytes together.

struct CodedValue {
  std::uint32_t measurement = 0;
  double number = 0;  // 0 or 1 for a boolean
  bool is_boolean = false;

  bool operator==(const CodedValue&) const = default;
};

constexpr std::uint32_t kMaxMeasurementId = (1U << 28) - 1;

// A number as a whole one with that many decimal places, 0 to kMaxPlaces; nothing unless unscale()
// gives back exactly the same double.
constexpr int kMaxPlaces = 3;
std::optional<std::int64_t> scale(double number, int places);
double unscale(std::int64_t scaled, int places);

// The eight bytes of a double, least significant first. Reads finite numbers only.
void append_raw(std::string& out, double number);
bool read_raw(std::string_view& rest, double& number);

// Appends the bytes. `values` ascend by measurement, each once; numbers are finite.
void encode_values(std::string& out, bool server_time, std::span<const CodedValue> values);

// Reads what encode_values() wrote. Any other input ends in damaged(), never in a wrong value.
//
//   ValueReader in(bytes);
//   while (in.next(value)) use(value);
//   if (in.damaged()) complain();
class ValueReader {
 public:
  explicit ValueReader(std::string_view bytes);

  bool next(CodedValue& value);
  bool server_time() const { return server_time_; }
  bool damaged() const { return damaged_; }

 private:
  bool damage();
  bool read_scaled(int places, double& number);

  std::string_view rest_;
  std::uint32_t last_ = 0;
  bool server_time_ = false;
  bool damaged_ = false;
};

}  // namespace croft::data

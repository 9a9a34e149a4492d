// Columns of differences.
// SPDX-License-Identifier: Apache-2.0
#include "data/block.hpp"

#include <algorithm>
#include <bit>

#include "data/reading_key.hpp"
#include "data/value_codec.hpp"
#include "data/varint.hpp"

namespace croft::data {
namespace {

constexpr char kVersion = 1;
constexpr char kInRuns = 0;
constexpr char kEach = 1;
constexpr char kOfContent = 0;
constexpr char kGiven = 1;

using Numbers = std::vector<std::int64_t>;

// Modulo 2^64, so that every number has its differences.
std::int64_t minus(std::int64_t a, std::int64_t b) {
  return static_cast<std::int64_t>(static_cast<std::uint64_t>(a) - static_cast<std::uint64_t>(b));
}

std::int64_t plus(std::int64_t a, std::int64_t b) {
  return static_cast<std::int64_t>(static_cast<std::uint64_t>(a) + static_cast<std::uint64_t>(b));
}

Numbers differences(Numbers numbers) {
  for (std::size_t i = numbers.size(); i-- > 1;) numbers[i] = minus(numbers[i], numbers[i - 1]);
  return numbers;
}

void sum_up(Numbers& numbers) {
  for (std::size_t i = 1; i < numbers.size(); ++i) numbers[i] = plus(numbers[i], numbers[i - 1]);
}

void append_column(std::string& out, const Numbers& column) {
  std::string each(1, kEach), runs(1, kInRuns);
  for (const auto number : column) append_varint(each, zigzag(number));
  for (std::size_t i = 0, end = 0; i < column.size() && runs.size() < each.size(); i = end) {
    while (end < column.size() && column[end] == column[i]) ++end;
    append_varint(runs, zigzag(column[i]));
    append_varint(runs, end - i);
  }
  out += runs.size() < each.size() ? runs : each;
}

// Exactly `count` numbers.
bool read_column(std::string_view& rest, std::size_t count, Numbers& column) {
  column.clear();
  column.reserve(count);
  if (rest.empty()) return false;
  const char form = rest.front();
  rest.remove_prefix(1);
  if (form != kInRuns && form != kEach) return false;
  while (column.size() < count) {
    std::uint64_t number = 0, run = 1;
    if (!read_varint(rest, number)) return false;
    if (form == kInRuns && !read_varint(rest, run)) return false;
    if (run == 0 || run > count - column.size()) return false;
    column.insert(column.end(), run, unzigzag(number));
  }
  return true;
}

bool read_number(std::string_view& rest, std::uint64_t most, std::uint64_t& number) {
  return read_varint(rest, number) && number <= most;
}

}  // namespace

std::optional<std::string> Block::encode(std::span<const StoredReading> readings) {
  Block block;
  for (const auto& reading : readings)
    if (!block.add(reading)) return std::nullopt;
  auto text = block.encode();
  const auto again = decode(text);
  if (!again || again->size() != readings.size()) return std::nullopt;
  std::string values;
  for (std::size_t i = 0; i < readings.size(); ++i)
    if (!(again->reading(i, readings[i].device, values) == readings[i])) return std::nullopt;
  return text;
}

Block::Measurement& Block::measurement(std::uint32_t id) {
  const auto at = std::ranges::lower_bound(measurements_, id, {}, &Measurement::id);
  if (at != measurements_.end() && at->id == id) return *at;
  const auto before = times_.size() - 1;  // readings without it
  return *measurements_.insert(at,
                               {id, 0, std::vector<Kind>(before, Kind::absent), Numbers(before)});
}

// False when its values are damaged.
bool Block::add(const StoredReading& reading) {
  ValueReader in(reading.values);
  times_.push_back(reading.time_ms);
  keys_.push_back(reading.key);
  received_after_.push_back(reading.received_after_ms);
  server_time_.push_back(in.server_time() ? 1 : 0);
  for (CodedValue value; in.next(value);) {
    auto& column = measurement(value.measurement);
    // Whether a number can be scaled is seen when all of its column are known.
    const auto truth = value.number != 0 ? Kind::yes : Kind::no;
    column.kinds.push_back(value.is_boolean ? truth : Kind::raw);
    column.numbers.push_back(std::bit_cast<std::int64_t>(value.number));
  }
  for (auto& column : measurements_) {
    column.kinds.resize(times_.size(), Kind::absent);
    column.numbers.resize(times_.size());
  }
  return !in.damaged();
}

std::string Block::encode() const {
  std::string out(1, kVersion);
  append_varint(out, size());
  append_varint(out, measurements_.size());
  append_column(out, differences(differences(times_)));
  append_column(out, differences(received_after_));
  append_column(out, server_time_);
  for (const auto& measurement : measurements_) append(out, measurement);
  const bool of_content = keys_ == content_keys();
  out += of_content ? kOfContent : kGiven;
  if (!of_content) append_column(out, differences(keys_));
  return out;
}

std::vector<std::int64_t> Block::content_keys() const {
  Numbers keys;
  std::string values;
  for (std::size_t i = 0; i < size(); ++i) {
    values.clear();
    append_values(values, i);
    keys.push_back(content_key(values));
  }
  return keys;
}

// Here every number is still raw.
void Block::append(std::string& out, const Measurement& measurement) {
  const auto number = [&](std::size_t i) { return std::bit_cast<double>(measurement.numbers[i]); };
  int places = 0;
  for (std::size_t i = 0; i < measurement.kinds.size(); ++i) {
    if (measurement.kinds[i] != Kind::raw) continue;
    int needs = 0;
    while (needs <= kMaxPlaces && !scale(number(i), needs)) ++needs;
    if (needs <= kMaxPlaces) places = std::max(places, needs);
  }
  Numbers kinds, scaled;
  std::string raw;
  for (std::size_t i = 0; i < measurement.kinds.size(); ++i) {
    auto kind = measurement.kinds[i];
    const auto whole = kind == Kind::raw ? scale(number(i), places) : std::nullopt;
    if (whole) {
      kind = Kind::scaled;
      scaled.push_back(*whole);
    } else if (kind == Kind::raw) {
      append_raw(raw, number(i));
    }
    kinds.push_back(static_cast<std::int64_t>(kind));
  }
  append_varint(out, measurement.id);
  append_varint(out, static_cast<std::uint64_t>(places));
  append_column(out, kinds);
  append_column(out, differences(std::move(scaled)));
  out += raw;
}

std::optional<Block> Block::decode(std::string_view text) {
  if (text.empty() || text.front() != kVersion) return std::nullopt;
  text.remove_prefix(1);
  std::uint64_t readings = 0, measurements = 0;
  Block block;
  if (!read_number(text, kMost, readings) || readings == 0) return std::nullopt;
  if (!read_number(text, text.size(), measurements)) return std::nullopt;
  if (!block.decode_columns(text, readings, measurements) || !text.empty()) return std::nullopt;
  return block;
}

bool Block::decode_columns(std::string_view& rest, std::size_t readings, std::size_t measurements) {
  for (auto* column : {&times_, &received_after_, &server_time_})
    if (!read_column(rest, readings, *column)) return false;
  sum_up(times_);
  sum_up(times_);
  sum_up(received_after_);
  for (const auto flag : server_time_)
    if (flag != 0 && flag != 1) return false;
  std::uint32_t id = 0;
  for (std::size_t i = 0; i < measurements; ++i) {
    if (!decode_measurement(rest, id)) return false;
    id = measurements_.back().id;
  }
  if (!decode_keys(rest)) return false;
  for (std::size_t i = 1; i < readings; ++i)
    if (!(place(i - 1) < place(i))) return false;
  return true;
}

bool Block::decode_keys(std::string_view& rest) {
  if (rest.empty()) return false;
  const char form = rest.front();
  rest.remove_prefix(1);
  if (form == kOfContent) {
    keys_ = content_keys();
    return true;
  }
  if (form != kGiven || !read_column(rest, size(), keys_)) return false;
  sum_up(keys_);
  return true;
}

bool Block::decode_measurement(std::string_view& rest, std::uint32_t after) {
  std::uint64_t id = 0, places = 0;
  if (!read_number(rest, kMaxMeasurementId, id) || id <= after) return false;
  if (!read_number(rest, kMaxPlaces, places)) return false;
  Numbers kinds, scaled;
  if (!read_column(rest, size(), kinds)) return false;
  const auto scaled_count = std::ranges::count(kinds, static_cast<std::int64_t>(Kind::scaled));
  if (!read_column(rest, static_cast<std::size_t>(scaled_count), scaled)) return false;
  sum_up(scaled);
  auto& column = measurements_.emplace_back();
  column.id = static_cast<std::uint32_t>(id);
  column.places = static_cast<int>(places);
  column.kinds.reserve(size());
  column.numbers.reserve(size());
  std::size_t next = 0;
  for (const auto number : kinds) {
    if (number < 0 || number > static_cast<std::int64_t>(Kind::raw)) return false;
    const auto kind = static_cast<Kind>(number);
    double raw = 0;
    if (kind == Kind::raw && !read_raw(rest, raw)) return false;
    column.kinds.push_back(kind);
    column.numbers.push_back(kind == Kind::scaled ? scaled[next++]
                                                  : std::bit_cast<std::int64_t>(raw));
  }
  return true;
}

bool Block::has(std::uint32_t measurement) const {
  return std::ranges::binary_search(measurements_, measurement, {}, &Measurement::id);
}

std::size_t Block::find(const Place& wanted) const {
  std::size_t low = 0, high = size();
  while (low < high) {
    const auto middle = (low + high) / 2;
    if (place(middle) < wanted)
      low = middle + 1;
    else
      high = middle;
  }
  return low;
}

void Block::append_values(std::string& out, std::size_t i) const {
  std::vector<CodedValue> coded;
  coded.reserve(measurements_.size());
  for (const auto& measurement : measurements_) {
    const auto number = measurement.numbers[i];
    switch (measurement.kinds[i]) {
      case Kind::absent:
        break;
      case Kind::no:
      case Kind::yes:
        coded.push_back({measurement.id, measurement.kinds[i] == Kind::yes ? 1.0 : 0.0, true});
        break;
      case Kind::scaled:
        coded.push_back({measurement.id, unscale(number, measurement.places), false});
        break;
      case Kind::raw:
        coded.push_back({measurement.id, std::bit_cast<double>(number), false});
        break;
    }
  }
  encode_values(out, server_time_[i] != 0, coded);
}

StoredReading Block::reading(std::size_t i, std::int64_t device, std::string& values) const {
  values.clear();
  append_values(values, i);
  return {device, times_[i], keys_[i], received_after_[i], values};
}

}  // namespace croft::data

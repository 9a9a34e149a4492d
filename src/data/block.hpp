// Many readings of one device in a few bytes each: what older readings are packed into.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "data/reading_store.hpp"

namespace croft::data {

// The text is a version byte (1), the number of readings and of measurements, and then columns of
// whole numbers, one after the other:
//   times (differences of their differences), received_after (differences), and 1 where the time is
//   the server's; then for each measurement, ids ascending: the id, its decimal places, a Kind for
//   each reading, the scaled numbers (differences), and the doubles that have no such form; then a
//   byte, 0 when each key is the content_key() of its values, or 1 and the keys (differences).
// A column is written in runs where that is shorter. What a node measures every ten seconds takes 6
// to 8 bytes a reading, where a row takes 40 and more.
class Block {
 public:
  static constexpr std::size_t kMost = 1024;  // readings in one

  // Of 1 to kMost readings, ascending by (time, key). Nothing unless decode() gives back exactly
  // these, so that whoever has the text may delete their rows.
  static std::optional<std::string> encode(std::span<const StoredReading> readings);
  // Any other input gives nothing.
  static std::optional<Block> decode(std::string_view text);

  std::size_t size() const { return times_.size(); }
  Place place(std::size_t i) const { return {times_[i], keys_[i]}; }
  Place first() const { return place(0); }
  Place last() const { return place(size() - 1); }
  // The index of the first reading at or behind that place, size() when there is none.
  std::size_t find(const Place&) const;
  bool contains(const Place& wanted) const {
    const auto at = find(wanted);
    return at < size() && place(at) == wanted;
  }
  bool has(std::uint32_t measurement) const;
  // `values` is what the reading's values are written into, and viewed from.
  StoredReading reading(std::size_t i, std::int64_t device, std::string& values) const;

 private:
  enum class Kind : std::uint8_t { absent, no, yes, scaled, raw };
  struct Measurement {
    std::uint32_t id = 0;
    int places = 0;                     // of its scaled numbers
    std::vector<Kind> kinds;            // one a reading
    std::vector<std::int64_t> numbers;  // one a reading: scaled, or the bits of a raw double
  };

  Measurement& measurement(std::uint32_t id);
  bool add(const StoredReading&);
  std::string encode() const;
  bool decode_columns(std::string_view& rest, std::size_t readings, std::size_t measurements);
  bool decode_measurement(std::string_view& rest, std::uint32_t after);
  bool decode_keys(std::string_view& rest);
  // What the keys would be if they came from the values.
  std::vector<std::int64_t> content_keys() const;
  static void append(std::string& out, const Measurement&);
  void append_values(std::string& out, std::size_t i) const;

  std::vector<std::int64_t> times_;
  std::vector<std::int64_t> keys_;
  std::vector<std::int64_t> received_after_;
  std::vector<std::int64_t> server_time_;  // 0 or 1
  std::vector<Measurement> measurements_;  // ids ascending
};

}  // namespace croft::data

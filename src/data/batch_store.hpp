// Stores a batch of readings in one transaction, each reading once.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "data/batch.hpp"
#include "data/reading_store.hpp"
#include "data/rollup_store.hpp"
#include "data/sequence_set.hpp"
#include "data/value_codec.hpp"

namespace croft::data {

// Remembers numbers of devices and measurements and the sequences of recent boots. What it
// remembers was true in the transaction that taught it; when a transaction fails, call forget()
// before the next. store() runs on the writing worker, forget() on the loop between two of them.
class BatchStore {
 public:
  static constexpr std::size_t kMostNamesOfDevice = 256;
  static constexpr std::size_t kMostNames = 100'000;  // of all devices together

  // Sets every arrival's fate and the batch's ranges. Trying the same batch again is safe.
  void store(db::Connection&, Batch&);
  void forget();
  // Months were dropped: the next reading of one makes it anew.
  void forget_months() { months_.clear(); }
  // The device was removed; a later device of the same id has another number.
  void forget(std::string_view device);

 private:
  struct TextHash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const {
      return std::hash<std::string_view>{}(text);
    }
  };
  template <class Value>
  using ByText = std::unordered_map<std::string, Value, TextHash, std::equal_to<>>;

  struct Device {
    std::int64_t number = 0;
    std::vector<std::uint32_t> measurements;  // ascending
  };
  struct Boot {
    SequenceSet stored;
    std::uint64_t used = 0;          // the round of its last use
    std::vector<std::uint32_t> now;  // this batch's numbers
    std::size_t first_arrival = 0;
    bool changed = false;
  };
  struct BootId {
    std::int64_t device;
    std::uint32_t boot;
    bool operator==(const BootId&) const = default;
  };
  struct BootHash {
    std::size_t operator()(const BootId& id) const {
      return std::hash<std::uint64_t>{}(static_cast<std::uint64_t>(id.device) << 32 ^
                                        id.boot * 0x9e3779b97f4a7c15U);
    }
  };
  using Boots = std::unordered_map<BootId, Boot, BootHash>;
  // A row to insert: StoredReading without its values, which lie in text_.
  struct Row {
    StoredReading reading;
    std::size_t arrival = 0;
    std::size_t text_at = 0;
    std::size_t text_bytes = 0;
  };

  void start_round();
  void add(ReadingStore&, Arrival&, std::size_t index);
  Device& device(ReadingStore&, const std::string& id);
  // 0 when there are too many names.
  std::uint32_t measurement(ReadingStore&, Device&, const std::string& name);
  bool note(ReadingStore&, Device&, std::uint32_t measurement);
  bool code(ReadingStore&, Device&, const Reading&);
  // False when it was stored before.
  bool number(ReadingStore&, Device&, const Sequence&, std::size_t index);
  void drop_packed(ReadingStore&, const Batch&, std::int64_t horizon);
  void make_room(ReadingStore&);
  void insert_rows(ReadingStore&, Batch&);
  void mark_late(RollupStore&, const Batch&, std::int64_t horizon);
  void put_sequences(ReadingStore&);
  void tell_ranges(Batch&);
  void bound_memory();

  ByText<Device> devices_;
  ByText<std::uint32_t> names_;
  Boots boots_;
  std::size_t ranges_ = 0;                       // of all boots together
  std::map<std::int64_t, std::int64_t> months_;  // that have room: from -> before
  std::uint64_t round_ = 0;

  // Room that is used again for each batch.
  std::vector<Row> rows_;
  std::vector<StoredReading> readings_;
  std::vector<DeviceHour> late_;
  std::vector<StoredSequences> sequences_;
  std::string text_;
  std::vector<CodedValue> values_;
  std::vector<Boots::value_type*> touched_;
};

}  // namespace croft::data

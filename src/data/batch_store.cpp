// From arrivals to rows: numbers for names, numbered readings once, then one insert each.
// SPDX-License-Identifier: Apache-2.0
#include "data/batch_store.hpp"

#include <algorithm>
#include <iterator>
#include <tuple>

#include "base/log.hpp"
#include "data/month.hpp"
#include "data/rollup.hpp"

namespace croft::data {
namespace {

constexpr std::size_t kMostBoots = 50'000;
constexpr std::size_t kMostRanges = 1'000'000;  // eight bytes each

std::vector<protocol::SeqRange> ranges_around(const SequenceSet& stored,
                                              const std::vector<std::uint32_t>& numbers) {
  std::vector<protocol::SeqRange> ranges;
  for (const auto seq : numbers) {
    const bool told = !ranges.empty() && ranges.back().first <= seq && seq <= ranges.back().last;
    if (!told) ranges.push_back(stored.around(seq));
  }
  std::ranges::sort(ranges, {}, &protocol::SeqRange::first);
  const auto same = [](const auto& a, const auto& b) { return a.first == b.first; };
  ranges.erase(std::unique(ranges.begin(), ranges.end(), same), ranges.end());
  return ranges;
}

}  // namespace

void BatchStore::store(db::Connection& connection, Batch& batch) {
  ReadingStore store(connection);
  start_round();
  batch.ranges.clear();
  for (std::size_t i = 0; i < batch.arrivals.size(); ++i) add(store, batch.arrivals[i], i);
  RollupStore rollups(connection);
  const auto horizon = rollups.horizon();
  drop_packed(store, batch, horizon);
  make_room(store);
  insert_rows(store, batch);
  mark_late(rollups, batch, horizon);
  put_sequences(store);
  tell_ranges(batch);
  bound_memory();
}

void BatchStore::forget() {
  devices_.clear();
  names_.clear();
  boots_.clear();
  months_.clear();
  touched_.clear();
  ranges_ = 0;
}

void BatchStore::forget(std::string_view device) {
  const auto found = devices_.find(device);
  if (found != devices_.end()) devices_.erase(found);
}

void BatchStore::start_round() {
  ++round_;
  rows_.clear();
  text_.clear();
  touched_.clear();
}

void BatchStore::add(ReadingStore& store, Arrival& arrival, std::size_t index) {
  const auto& reading = arrival.reading;
  auto& from = device(store, reading.device.str());
  const auto text_at = text_.size();
  if (!code(store, from, reading)) {
    text_.resize(text_at);
    arrival.fate = Fate::too_many_names;
    return;
  }
  arrival.fate = Fate::duplicate;  // until its row went in
  if (arrival.sequence && !number(store, from, *arrival.sequence, index)) {
    text_.resize(text_at);
    return;
  }
  const auto values = std::string_view(text_).substr(text_at);
  const auto key = arrival.sequence ? numbered_key(*arrival.sequence) : content_key(values);
  const auto received_after = (reading.received - reading.time).count();
  rows_.push_back(
      {{from.number, to_ms(reading.time), key, received_after, {}}, index, text_at, values.size()});
}

BatchStore::Device& BatchStore::device(ReadingStore& store, const std::string& id) {
  const auto found = devices_.find(id);
  if (found != devices_.end()) return found->second;
  const auto number = store.number_device(id);
  return devices_.emplace(id, Device{number, store.measurements_of(number)}).first->second;
}

std::uint32_t BatchStore::measurement(ReadingStore& store, Device& device,
                                      const std::string& name) {
  const auto found = names_.find(name);
  if (found != names_.end()) return note(store, device, found->second) ? found->second : 0;
  auto id = store.measurement_id(name);
  if (id == 0) {
    if (device.measurements.size() >= kMostNamesOfDevice) return 0;
    if (store.count_measurements() >= static_cast<std::int64_t>(kMostNames)) return 0;
    id = store.number_measurement(name);
  }
  names_.emplace(name, id);
  return note(store, device, id) ? id : 0;
}

bool BatchStore::note(ReadingStore& store, Device& device, std::uint32_t measurement) {
  auto& known = device.measurements;
  const auto at = std::ranges::lower_bound(known, measurement);
  if (at != known.end() && *at == measurement) return true;
  if (known.size() >= kMostNamesOfDevice) return false;
  store.note_measurement(device.number, measurement);
  known.insert(at, measurement);
  return true;
}

// Appends the reading's values to text_; false when it has a name too many.
bool BatchStore::code(ReadingStore& store, Device& from, const Reading& reading) {
  values_.clear();
  for (const auto& [name, value] : reading.values) {
    const auto id = measurement(store, from, name);
    if (id == 0) return false;
    const auto* truth = std::get_if<bool>(&value);
    if (truth != nullptr)
      values_.push_back({id, *truth ? 1.0 : 0.0, true});
    else
      values_.push_back({id, std::get<double>(value), false});
  }
  std::ranges::sort(values_, {}, &CodedValue::measurement);
  encode_values(text_, reading.server_time, values_);
  return true;
}

bool BatchStore::number(ReadingStore& store, Device& from, const Sequence& sequence,
                        std::size_t index) {
  const auto [at, fresh] = boots_.try_emplace({from.number, sequence.boot});
  auto& boot = at->second;
  if (fresh) {
    const auto text = store.sequences(from.number, sequence.boot);
    const auto stored = SequenceSet::decode(text.value_or(""));
    // Without them a reading may be stored twice, but none is lost.
    if (!stored)
      log::error("data", "stored sequence numbers are damaged and begin anew; run croft doctor",
                 {{"device_number", from.number}, {"boot", sequence.boot}});
    boot.stored = stored.value_or(SequenceSet());
    ranges_ += boot.stored.ranges().size();
  }
  if (boot.used != round_) {
    boot.used = round_;
    boot.now.clear();
    boot.first_arrival = index;
    boot.changed = false;
    touched_.push_back(&*at);
  }
  boot.now.push_back(sequence.seq);
  const auto before = boot.stored.ranges().size();
  const bool added = boot.stored.add(sequence.seq);
  ranges_ += boot.stored.ranges().size() - before;
  boot.changed = boot.changed || added;
  return added;
}

// A row is kept from being there twice by its table; what is packed has left it. Numbered readings
// are known by their numbers.
void BatchStore::drop_packed(ReadingStore& store, const Batch& batch, std::int64_t horizon) {
  std::erase_if(rows_, [&](const Row& row) {
    const auto& [device, time_ms, key, received_after_ms, values] = row.reading;
    if (batch.arrivals[row.arrival].sequence || hour_of(time_ms) >= horizon) return false;
    return store.is_packed(device, {time_ms, key});
  });
}

void BatchStore::make_room(ReadingStore& store) {
  for (const auto& row : rows_) {
    const auto time = row.reading.time_ms;
    const auto next = months_.upper_bound(time);
    if (next != months_.begin() && time < std::prev(next)->second) continue;
    const auto month = month_of("readings", time);
    store.make_room(month);
    months_.emplace(month.from, month.before);
  }
}

// In the order of the table, so that neighbours are found on one page.
void BatchStore::insert_rows(ReadingStore& store, Batch& batch) {
  std::ranges::sort(rows_, [](const Row& a, const Row& b) {
    return std::tie(a.reading.device, a.reading.time_ms, a.reading.key, a.arrival) <
           std::tie(b.reading.device, b.reading.time_ms, b.reading.key, b.arrival);
  });
  readings_.clear();
  for (auto& row : rows_) {
    row.reading.values = std::string_view(text_).substr(row.text_at, row.text_bytes);
    readings_.push_back(row.reading);
  }
  if (!readings_.empty())
    store.insert(readings_,
                 [&](std::size_t i) { batch.arrivals[rows_[i].arrival].fate = Fate::stored; });
}

// Hours that are rolled up already have to be rolled up again.
void BatchStore::mark_late(RollupStore& rollups, const Batch& batch, std::int64_t horizon) {
  late_.clear();
  for (const auto& row : rows_) {
    const DeviceHour at{row.reading.device, hour_of(row.reading.time_ms)};
    const bool fresh = batch.arrivals[row.arrival].fate == Fate::stored;
    if (fresh && at.hour < horizon && (late_.empty() || late_.back() != at)) late_.push_back(at);
  }
  if (!late_.empty()) rollups.mark_stale(late_);
}

void BatchStore::put_sequences(ReadingStore& store) {
  std::ranges::sort(touched_, [](const auto* a, const auto* b) {
    return std::tie(a->first.device, a->first.boot) < std::tie(b->first.device, b->first.boot);
  });
  sequences_.clear();
  for (const auto* boot : touched_)
    if (boot->second.changed)
      sequences_.push_back({boot->first.device, boot->first.boot, boot->second.stored.encode()});
  if (!sequences_.empty()) store.put_sequences(sequences_);
}

// A duplicate is told again: its node has not heard yet that it may forget it.
void BatchStore::tell_ranges(Batch& batch) {
  for (const auto* boot : touched_)
    batch.ranges.push_back({boot->second.first_arrival, boot->first.boot,
                            ranges_around(boot->second.stored, boot->second.now)});
  std::ranges::sort(batch.ranges, {}, &StoredRanges::arrival);
}

// Beyond its bounds it keeps only the boots of this very batch; the others are read again when they
// are needed.
void BatchStore::bound_memory() {
  if (boots_.size() <= kMostBoots && ranges_ <= kMostRanges) return;
  ranges_ = 0;
  std::erase_if(boots_, [&](const auto& entry) {
    const bool idle = entry.second.used != round_;
    if (!idle) ranges_ += entry.second.stored.ranges().size();
    return idle;
  });
  touched_.clear();
}

}  // namespace croft::data

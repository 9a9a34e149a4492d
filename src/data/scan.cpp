// The merge: a heap of streams, each refilled chunk by chunk.
// SPDX-License-Identifier: Apache-2.0
#include "data/scan.hpp"

#include <algorithm>
#include <limits>

#include "base/log.hpp"
#include "data/value_codec.hpp"

namespace croft::data {
namespace {

constexpr std::size_t kRowsHeld = 65'536;  // some 6 MB
constexpr std::size_t kLeastMost = 16;  // a chunk can grow to this however many devices there are
constexpr std::size_t kMostChunk = 1024;
constexpr auto kMinKey = std::numeric_limits<std::int64_t>::min();
constexpr auto kMaxKey = std::numeric_limits<std::int64_t>::max();

}  // namespace

bool decode_reading(const StoredReading& row, NameLookup& names, Reading& into) {
  ValueReader in(row.values);
  into.time = instant_from_ms(row.time_ms);
  into.received = instant_from_ms(row.time_ms + row.received_after_ms);
  into.server_time = in.server_time();
  bool whole = true;
  for (CodedValue value; in.next(value);) {
    const auto* name = names.find(value.measurement);
    if (name == nullptr)
      whole = false;
    else if (value.is_boolean)
      into.values.push_back({*name, value.number != 0});
    else
      into.values.push_back({*name, value.number});
  }
  return whole && !in.damaged();
}

Scan::Scan(std::vector<DeviceId> devices, TimeRange range, Order order,
           std::optional<Position> after, std::size_t expected)
    : ids_(std::move(devices)),
      wanted_(ids_.size(), true),
      range_(range),
      order_(order),
      after_(after),
      expected_(expected) {}

std::optional<Scan::Found> Scan::next(ReadingStore& store, NameLookup& names) {
  if (!opened_) open(store);
  while (!heap_.empty()) {
    std::ranges::pop_heap(heap_, [this](auto a, auto b) { return behind(a, b); });
    const auto index = heap_.back();
    heap_.pop_back();
    auto& stream = streams_[index];
    if (!wanted_[stream.device]) continue;
    auto found = take(names, stream);
    if (stream.at == stream.rows.size()) fill(store, stream);
    if (stream.at < stream.rows.size()) push(index);
    return found;
  }
  return std::nullopt;
}

void Scan::keep_only(const std::function<bool(const DeviceId&)>& wanted) {
  for (std::size_t i = 0; i < ids_.size(); ++i) wanted_[i] = wanted(ids_[i]);
}

void Scan::open(ReadingStore& store) {
  opened_ = true;
  for (std::size_t i = 0; i < ids_.size(); ++i) {
    const auto number = store.device_number(ids_[i].str());
    if (number == 0) continue;  // has never measured anything
    auto& stream = streams_.emplace_back();
    stream.device = i;
    stream.number = number;
    stream.last = start_of(number);
  }
  if (streams_.empty()) return;
  const auto most = std::clamp(kRowsHeld / streams_.size(), kLeastMost, kMostChunk);
  const auto share = std::clamp<std::size_t>(2 * expected_ / streams_.size(), 1, expected_);
  for (std::size_t i = 0; i < streams_.size(); ++i) {
    streams_[i].chunk = std::min(share, most);
    fill(store, streams_[i]);
    if (!streams_[i].rows.empty()) push(i);
  }
}

// A stream begins behind this place (in front of it, newest first). The cursor's own device goes on
// behind its key; at the cursor's very time the devices in front of it are done, those behind not.
Place Scan::start_of(std::int64_t number) const {
  if (order_ == Order::newest_first) return {to_ms(range_.to), kMinKey};
  const Place from{to_ms(range_.from) - 1, kMaxKey};
  if (!after_) return from;
  Place behind{after_->time_ms, after_->key};
  if (number < after_->device) behind.key = kMaxKey;
  if (number > after_->device) behind = {after_->time_ms - 1, kMaxKey};
  return std::max(from, behind);
}

void Scan::fill(ReadingStore& store, Stream& stream) {
  stream.rows.clear();
  stream.at = 0;
  if (stream.drained) return;
  const auto keep = [&](const StoredReading& row) {
    stream.rows.push_back({{row.time_ms, row.key}, row.received_after_ms, std::string(row.values)});
  };
  const auto limit = stream.chunk;
  if (order_ == Order::oldest_first)
    store.forward(stream.number, stream.last, to_ms(range_.to), limit, keep);
  else
    store.backward(stream.number, stream.last, to_ms(range_.from), limit, keep);
  stream.drained = stream.rows.size() < limit;
  if (!stream.rows.empty()) stream.last = stream.rows.back().place;
  stream.chunk =
      std::min(2 * limit, std::clamp(kRowsHeld / streams_.size(), kLeastMost, kMostChunk));
}

// Whether stream `a` comes after stream `b`.
bool Scan::behind(std::size_t a, std::size_t b) const {
  const auto position = [](const Stream& stream) {
    const auto& place = stream.rows[stream.at].place;
    return Position{place.time_ms, stream.number, place.key};
  };
  const auto left = position(streams_[a]);
  const auto right = position(streams_[b]);
  return order_ == Order::oldest_first ? left > right : left < right;
}

void Scan::push(std::size_t stream) {
  heap_.push_back(stream);
  std::ranges::push_heap(heap_, [this](auto a, auto b) { return behind(a, b); });
}

Scan::Found Scan::take(NameLookup& names, Stream& stream) {
  const auto& row = stream.rows[stream.at++];
  Found found{{row.place.time_ms, stream.number, row.place.key}, {}};
  found.reading.device = ids_[stream.device];
  const StoredReading stored{stream.number, row.place.time_ms, row.place.key, row.received_after_ms,
                             row.values};
  if (!decode_reading(stored, names, found.reading))
    log::error("data", "a stored reading is damaged and shown in part; run croft doctor",
               {{"device", found.reading.device.str()}, {"time_ms", row.place.time_ms}});
  return found;
}

}  // namespace croft::data

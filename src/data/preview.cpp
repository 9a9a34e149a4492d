// The rehearsal of a trigger over history, a piece at a time.
// SPDX-License-Identifier: Apache-2.0
#include "data/preview.hpp"

#include "data/scan.hpp"

namespace croft::data {
namespace {

constexpr std::size_t kPiece = 20'000;  // readings a job: some 20 ms

// A machine, and what it told so far.
class Rehearsal {
 public:
  Rehearsal(rules::Condition condition, Instant from)
      : condition_(std::move(condition)), state_(rules::begin(from)) {
    preview_.to = from;
  }

  // False when a bound is reached.
  bool read(const Reading& reading) {
    const auto value = number_of(reading, condition_.measurement);
    if (!value) return true;
    if (preview_.readings == 0) state_.since = reading.time;
    ++preview_.readings;
    preview_.to = reading.time;
    keep(rules::tick(condition_, state_, reading.time));
    keep(rules::judge(condition_, state_, reading.time, *value));
    preview_.truncated = preview_.firings.size() >= Preview::kMostFirings ||
                         preview_.readings >= Preview::kMostReadings;
    return !preview_.truncated;
  }
  Preview end(Instant to) {
    if (!preview_.truncated) {
      if (preview_.readings > 0) keep(rules::tick(condition_, state_, to));
      preview_.to = to;
    }
    return std::move(preview_);
  }

 private:
  void keep(const rules::Transition& transition) {
    if (transition.change == rules::Change::fired)
      preview_.firings.push_back({transition.at, std::nullopt, transition.value});
    if (transition.change == rules::Change::cleared)
      preview_.firings.back().cleared = transition.at;
  }

  rules::Condition condition_;
  rules::State state_;
  Preview preview_;
};

// False at the end. On a worker.
bool read_piece(db::Connection& connection, Names& names, Scan& scan, Rehearsal& rehearsal) {
  ReadingStore store(connection);
  NameLookup lookup(names, store);
  for (std::size_t i = 0; i < kPiece; ++i) {
    const auto found = scan.next(store, lookup);
    if (!found || !rehearsal.read(found->reading)) return false;
  }
  return true;
}

}  // namespace

Task<Preview> read_preview(db::Database& database, Names& names, DeviceId device,
                           rules::Condition condition, TimeRange range) {
  std::vector<DeviceId> devices;
  devices.push_back(std::move(device));
  Scan scan(std::move(devices), range, Order::oldest_first, std::nullopt, kPiece);
  Rehearsal rehearsal(std::move(condition), range.from);
  auto read = [&](db::Connection& connection) {
    return read_piece(connection, names, scan, rehearsal);
  };
  bool more = true;
  while (more) more = co_await database.read(read);
  co_return rehearsal.end(range.to);
}

std::string write_preview(const Preview& preview, Instant from) {
  JsonWriter json;
  json.begin_object().key("firings").begin_array();
  for (const auto& firing : preview.firings) {
    json.begin_object().member("fired", firing.fired).member("cleared", firing.cleared);
    json.member("value", firing.value).end_object();
  }
  json.end_array().member("readings", preview.readings);
  json.member("from", from).member("to", preview.to).member("truncated", preview.truncated);
  json.end_object();
  return std::move(json).str();
}

}  // namespace croft::data

// Counts refused messages and writes a bounded part of them, once a second.
// SPDX-License-Identifier: Apache-2.0
#include "data/refused.hpp"

#include <algorithm>
#include <set>

#include "data/reading_store.hpp"

namespace croft::data {
namespace {

constexpr double kAllowanceMost = 20;
constexpr double kAllowancePerMs = 1.0 / 5000;
constexpr std::size_t kMostWaiting = 1000;
constexpr std::size_t kMostWaitingBytes = 2 * 1024 * 1024;
constexpr std::size_t kMostReasons = 40;  // as labels of the metric and as rows of a device
constexpr std::chrono::seconds kPause{1};

}  // namespace

Refusals::Refusals(const Executor& executor, db::Database& database,
                   const DeviceDirectory& directory, const Clock& clock, Metrics& metrics)
    : database_(database),
      directory_(directory),
      clock_(clock),
      metrics_(metrics),
      noted_(executor),
      stopped_(executor) {}

void Refusals::note(std::string_view device, Instant time, std::string_view reason,
                    std::string detail, std::string_view payload) {
  if (counters_.find(reason) == counters_.end() && counters_.size() >= kMostReasons)
    reason = "other";
  count(reason);
  refused_log_.write(log::Level::warning, "data",
                     "a message was refused; if its device is known, its owner sees it",
                     {{"device", device}, {"reason", reason}, {"detail", detail}});
  if (directory_.find(device) == nullptr) return;
  auto& noted = devices_[std::string(device)];
  ++noted.counts[std::string(reason)];
  noted_.raise();
  if (!allowed(noted)) return;
  const auto kept = payload.substr(0, kKeptPayloadBytes);
  if (waiting_.size() >= kMostWaiting || waiting_bytes_ + kept.size() > kMostWaitingBytes) return;
  waiting_bytes_ += kept.size();
  waiting_.push_back(
      {std::string(device), time, std::string(reason), std::move(detail), std::string(kept)});
}

void Refusals::count(std::string_view reason) {
  auto found = counters_.find(reason);
  if (found == counters_.end()) {
    auto counter = metrics_.counter("data_refused_total", "Messages refused, by reason.",
                                    {{"reason", std::string(reason)}});
    found = counters_.emplace(std::string(reason), counter).first;
  }
  found->second.add();
}

// A bucket of twenty that refills by one every five seconds.
bool Refusals::allowed(Noted& noted) {
  const auto now = clock_.now();
  const bool first = noted.refilled == Instant{};
  const double passed = std::max<double>(0, static_cast<double>((now - noted.refilled).count()));
  noted.allowance =
      first ? kAllowanceMost : std::min(kAllowanceMost, noted.allowance + passed * kAllowancePerMs);
  noted.refilled = now;
  if (noted.allowance < 1) return false;
  noted.allowance -= 1;
  return true;
}

Task<void> Refusals::run() {
  while (!stopping_) {
    co_await noted_.wait();
    const bool written = co_await flush();
    if (!written) noted_.raise();
    co_await stopped_.wait_for(written ? kPause : 10 * kPause);
  }
  co_await flush();
}

void Refusals::stop() {
  stopping_ = true;
  noted_.raise();
  stopped_.raise();
}

void Refusals::forget(std::string_view device) {
  devices_.erase(std::string(device));
  std::erase_if(waiting_, [&](const RefusedMessage& message) { return message.device == device; });
}

// What is written is set aside first, so that new refusals can be noted meanwhile; when it fails,
// the counts come back and the messages are given up.
Task<bool> Refusals::flush() {
  std::vector<RefusedTotal> totals;
  for (auto& [device, noted] : devices_) {
    for (const auto& [reason, count] : noted.counts) totals.push_back({device, reason, count});
    noted.counts.clear();
  }
  const auto messages = std::exchange(waiting_, {});
  waiting_bytes_ = 0;
  // Devices that have been quiet long enough start with a full allowance again.
  const auto full = clock_.now() - Milliseconds(static_cast<int>(kAllowanceMost / kAllowancePerMs));
  std::erase_if(devices_, [&](const auto& entry) { return entry.second.refilled < full; });
  if (totals.empty()) co_return true;
  std::string failure;
  try {
    co_await database_.write([&](db::Connection& connection) {
      ReadingStore numbers(connection);
      RefusedStore store(connection);
      std::set<std::int64_t> touched;
      for (const auto& message : messages) {
        const auto number = numbers.number_device(message.device);
        store.add(number, message);
        touched.insert(number);
      }
      for (const auto number : touched) store.trim(number);
      for (const auto& total : totals)
        store.count(numbers.number_device(total.device), total.reason, total.count);
    });
  } catch (const std::exception& error) {
    failure = error.what();
  }
  if (failure.empty()) co_return true;
  for (const auto& total : totals) devices_[total.device].counts[total.reason] += total.count;
  failed_log_.write(log::Level::warning, "data",
                    "refused messages cannot be written and are only counted; check the database",
                    {{"error", failure}, {"messages", messages.size()}});
  co_return false;
}

}  // namespace croft::data

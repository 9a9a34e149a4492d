// Messages that were refused: counted by reason, and the newest kept for the device's owner to see.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/clock.hpp"
#include "base/ids.hpp"
#include "base/log.hpp"
#include "base/metrics.hpp"
#include "base/task.hpp"
#include "data/refused_store.hpp"
#include "db/database.hpp"
#include "model/device.hpp"

namespace croft::data {

// Nobody can use refusals to make the disk busy: a device keeps twenty messages at once and then
// one every five seconds, the others are only counted; counts are written once a second, one row a
// device and reason; what waits for the store is bounded, and dropped when the store is broken for
// long. On the loop.
class Refusals {
 public:
  static constexpr std::size_t kKeptPayloadBytes = 4096;

  Refusals(const Executor&, db::Database&, const DeviceDirectory&, const Clock&, Metrics&);

  // Never blocks. A message of an unknown device is counted and logged, but not kept: nobody could
  // see it. `reason` is a word such as "badJson"; the payload is cut.
  void note(std::string_view device, Instant, std::string_view reason, std::string detail,
            std::string_view payload);

  // Writes what was noted, once a second, until stop().
  Task<void> run();
  void stop();
  // The device was removed: nothing of it is written any more.
  void forget(std::string_view device);

 private:
  struct Noted {
    double allowance = 0;
    Instant refilled{};
    std::map<std::string, std::int64_t, std::less<>> counts;  // since the last flush
  };

  bool allowed(Noted&);
  void count(std::string_view reason);
  Task<bool> flush();

  db::Database& database_;
  const DeviceDirectory& directory_;
  const Clock& clock_;
  Metrics& metrics_;
  std::map<std::string, Counter, std::less<>> counters_;
  std::unordered_map<std::string, Noted> devices_;
  std::vector<RefusedMessage> waiting_;
  std::size_t waiting_bytes_ = 0;
  bool stopping_ = false;
  Event noted_;
  Event stopped_;
  log::Throttle refused_log_{10};
  log::Throttle failed_log_{60};
};

}  // namespace croft::data

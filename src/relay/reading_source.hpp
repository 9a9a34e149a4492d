// The data service's side: hands readings to the processes that show, judge and remember them.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <unordered_set>
#include <vector>

#include "base/metrics.hpp"
#include "live/devices.hpp"
#include "live/feed.hpp"
#include "mqtt/client.hpp"
#include "relay/reading_batch.hpp"

namespace croft::relay {

// Readings go out in batches: what one turn of the loop stored. On the loop; everything must
// outlive it. `outlet` is a connection of its own, because a reading's message is acknowledged on
// `mqtt` only when the broker has confirmed what went out here (mqtt::Options::receive_maximum).
class ReadingSource {
 public:
  struct Needs {
    mqtt::Client& mqtt;
    mqtt::Client& outlet;
    live::Feed& feed;
    const live::Devices& devices;
    Metrics& metrics;
  };
  // `keeps`: the keepers are in another process, so that they are told here what they want.
  ReadingSource(const Needs&, bool keeps);

  // Lets what waits for the outlet be given up, unacknowledged: the broker delivers it again.
  void stop() { stopping_ = true; }

 private:
  using Kept = std::vector<std::function<void()>>;

  void show(const Reading&);
  void keep(std::vector<Reading>, std::function<void()> kept);
  void flush_soon();
  void flush();
  void send_kept();
  Task<void> send(std::string payload, Kept);
  void hear_watched(std::string_view payload);
  void tell_latest();

  Needs needs_;
  ReadingBatch live_;
  ReadingBatch to_keep_;
  Kept kept_;
  bool flushing_ = false;
  bool stopping_ = false;
  std::optional<std::unordered_set<std::string>> watched_;  // nothing yet: all
  Counter unshown_;
  std::shared_ptr<void> subscription_;
};

}  // namespace croft::relay

// Devices as every service knows them: who owns which, and what is known of each right now.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/clock.hpp"
#include "base/ids.hpp"
#include "model/reading.hpp"

namespace croft {

struct DeviceEntry {
  DeviceId id;
  UserId owner;
  std::string name;

  bool operator==(const DeviceEntry&) const = default;
};

// Which devices exist and whose they are. Auth owns the truth and keeps this copy right; the other
// services only look. Lives on the loop; pointers hold until the next change.
class DeviceDirectory {
 public:
  const DeviceEntry* find(const DeviceId&) const;
  // Nothing for an unknown device and for somebody else's alike.
  const DeviceEntry* find_owned(const DeviceId&, const UserId& owner) const;
  const DeviceEntry* find(std::string_view id) const;
  std::vector<DeviceId> owned_by(const UserId&) const;  // oldest first
  std::size_t size() const { return entries_.size(); }
  template <class Visit>
  void each(Visit visit) const {
    for (const auto& [id, entry] : entries_) visit(entry);
  }

  void put(DeviceEntry);
  void remove(const DeviceId&);

 private:
  std::unordered_map<std::string, DeviceEntry> entries_;
  std::unordered_map<UserId, std::vector<DeviceId>> by_owner_;
};

// What runs on a device, and how its update goes, by its own word.
struct FirmwareNow {
  std::string version;
  std::string board;
  std::string state;   // running, fetching or failed
  std::string update;  // the update's id, when it is not just running
  std::int64_t offset = 0;
  std::string reason;
};

// The newest facts about one device, from its retained reports and its latest reading.
struct DeviceNow {
  bool online = false;
  bool says_status = false;          // whether it ever told its status; else readings must do
  std::optional<Instant> last_seen;  // the last sign of life of any kind
  std::optional<Instant> values_time;
  std::vector<Measurement> values;           // latest value of each measurement
  std::optional<FirmwareNow> firmware;       // nothing when it never told
  std::map<std::string, std::string> state;  // what the actuators really are: {"led","on"}
};

}  // namespace croft

// The directory of devices: by id and by owner.
// SPDX-License-Identifier: Apache-2.0
#include "model/device.hpp"

#include <algorithm>

namespace croft {

const DeviceEntry* DeviceDirectory::find(std::string_view id) const {
  const auto found = entries_.find(std::string(id));
  return found == entries_.end() ? nullptr : &found->second;
}

const DeviceEntry* DeviceDirectory::find(const DeviceId& id) const { return find(id.str()); }

const DeviceEntry* DeviceDirectory::find_owned(const DeviceId& id, const UserId& owner) const {
  const auto* entry = find(id);
  return entry != nullptr && entry->owner == owner ? entry : nullptr;
}

std::vector<DeviceId> DeviceDirectory::owned_by(const UserId& owner) const {
  const auto found = by_owner_.find(owner);
  return found == by_owner_.end() ? std::vector<DeviceId>{} : found->second;
}

void DeviceDirectory::put(DeviceEntry entry) {
  const auto known = entries_.find(entry.id.str());
  if (known != entries_.end()) {
    known->second.name = std::move(entry.name);
    return;
  }
  auto& list = by_owner_[entry.owner];
  list.insert(std::upper_bound(list.begin(), list.end(), entry.id), entry.id);
  auto key = entry.id.str();
  entries_.emplace(std::move(key), std::move(entry));
}

void DeviceDirectory::remove(const DeviceId& id) {
  const auto found = entries_.find(id.str());
  if (found == entries_.end()) return;
  const auto owner = by_owner_.find(found->second.owner);
  std::erase(owner->second, found->second.id);
  if (owner->second.empty()) by_owner_.erase(owner);
  entries_.erase(found);
}

}  // namespace croft

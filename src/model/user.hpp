// People as every service knows them: whom to write to, and in whose time.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <unordered_map>

#include "base/ids.hpp"

namespace croft {

struct UserEntry {
  UserId id;
  std::string username;
  std::string email;
  std::string timezone = "UTC";  // an IANA name

  bool operator==(const UserEntry&) const = default;
};

// Auth owns the truth and keeps this copy right; the other services only look. Lives on the loop;
// pointers hold until the next change.
class UserDirectory {
 public:
  const UserEntry* find(const UserId& id) const {
    const auto found = entries_.find(id);
    return found == entries_.end() ? nullptr : &found->second;
  }
  template <class Visit>
  void each(Visit visit) const {
    for (const auto& [id, entry] : entries_) visit(entry);
  }
  void put(UserEntry entry) { entries_[UserId(entry.id)] = std::move(entry); }
  void remove(const UserId& id) { entries_.erase(id); }

 private:
  std::unordered_map<UserId, UserEntry> entries_;
};

}  // namespace croft

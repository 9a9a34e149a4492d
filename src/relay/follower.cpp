// From messages to the copy of the directory.
// SPDX-License-Identifier: Apache-2.0
#include "relay/follower.hpp"

#include <fstream>
#include <iterator>
#include <unordered_set>
#include <utility>

#include "base/ids.hpp"
#include "base/log.hpp"
#include "relay/topics.hpp"

namespace croft::relay {
namespace {

constexpr std::chrono::seconds kSaveAfter{1};
constexpr std::chrono::seconds kAskAgain{2};

template <class T>
void append(std::vector<T>& to, std::vector<T> from) {
  to.insert(to.end(), std::make_move_iterator(from.begin()), std::make_move_iterator(from.end()));
}

// The ids that the directory has and `told` has not.
template <class IdType, class Directory, class Entry>
std::vector<IdType> missing_from(const Directory& directory, const std::vector<Entry>& told) {
  std::unordered_set<IdType> ids;
  for (const auto& one : told) ids.insert(one.id);
  std::vector<IdType> missing;
  directory.each([&](const Entry& one) {
    if (!ids.contains(one.id)) missing.push_back(one.id);
  });
  return missing;
}

}  // namespace

Follower::Follower(Needs needs, std::function<void(const std::string&)> on_key)
    : needs_(std::move(needs)),
      on_key_(std::move(on_key)),
      ask_again_(needs_.mqtt.executor()),
      save_at_(needs_.mqtt.executor()) {
  needs_.mqtt.subscribe(std::string(kDirectory), 1, [this](mqtt::Delivery delivery) {
    hear(delivery.payload());
    delivery.acknowledge();
  });
  needs_.mqtt.on_connected([this](bool) {
    fresh_ = false;
    question_ = std::string(kAskDirectory) + ' ' + new_id();
    ask();
  });
}

// Again and again, since auth may not be there to hear it.
void Follower::ask() {
  needs_.mqtt.post({question_topic(needs_.self), question_});
  ask_again_.expires_after(kAskAgain);
  ask_again_.async_wait([this](const boost::system::error_code& error) {
    if (!error && !fresh_ && needs_.mqtt.connected()) ask();
  });
}

Follower::~Follower() {
  if (unsaved_) save();
}

bool Follower::load() {
  std::ifstream in(needs_.file, std::ios::binary);
  if (!in) return false;
  const std::string text((std::istreambuf_iterator<char>(in)), {});
  const auto copy = decode_directory_news(text);
  if (!copy || copy->key.empty()) {
    log::warning("relay", "the copy of the directory is damaged; waiting for the auth service",
                 {{"file", needs_.file.string()}});
    return false;
  }
  for (const auto& device : copy->devices) needs_.devices.put(device);
  for (const auto& user : copy->users) needs_.users.put(user);
  key_ = copy->key;
  on_key_(key_);
  return true;
}

void Follower::hear(std::string_view payload) {
  auto news = decode_directory_news(payload);
  if (!news) {
    log::error("relay", "what the auth service tells cannot be read; is it another version?");
    return;
  }
  if (news->part > 0)
    gather(std::move(*news));
  else
    apply(*news);
}

// Pieces of one telling come one after the other; where one is missing, the next telling is waited
// for.
void Follower::gather(DirectoryNews piece) {
  if (piece.part == 1) {
    gathered_ = std::move(piece);
  } else if (gathered_ && piece.parts == gathered_->parts && piece.part == gathered_->part + 1) {
    gathered_->part = piece.part;
    append(gathered_->devices, std::move(piece.devices));
    append(gathered_->users, std::move(piece.users));
  } else {
    gathered_.reset();
  }
  if (!gathered_ || gathered_->part != gathered_->parts) return;
  const DirectoryNews all = std::move(*gathered_);
  gathered_.reset();
  replace(all);
}

void Follower::replace(const DirectoryNews& all) {
  fresh_ = fresh_ || all.answers == question_;
  if (fresh_ && !all.key.empty() && all.key != key_) {
    key_ = all.key;
    on_key_(key_);
  }
  DirectoryNews change = all;
  change.gone_devices = missing_from<DeviceId>(needs_.devices, all.devices);
  change.gone_users = missing_from<UserId>(needs_.users, all.users);
  apply(change);
  if (fresh_ && then_) then_();
}

void Follower::apply(const DirectoryNews& change) {
  for (const auto& device : change.devices) put(device);
  for (const auto& user : change.users) put(user);
  if (fresh_) {
    for (const auto& device : change.gone_devices) remove(device);
    for (const auto& user : change.gone_users) remove(user);
  }
  if (!key_.empty()) save_soon();
}

void Follower::put(const DeviceEntry& device) {
  const auto* known = needs_.devices.find(device.id);
  if (known != nullptr && *known == device) return;
  const bool renamed = known != nullptr;
  needs_.devices.put(device);
  if (renamed)
    needs_.feed.device_renamed.publish({device});
  else
    needs_.feed.device_registered.publish({device});
}

void Follower::put(const UserEntry& user) {
  const auto* known = needs_.users.find(user.id);
  if (known != nullptr && *known == user) return;
  needs_.users.put(user);
  needs_.feed.user_changed.publish({user});
}

void Follower::remove(const DeviceId& id) {
  const auto* known = needs_.devices.find(id);
  if (known == nullptr) return;
  const DeviceEntry entry = *known;
  needs_.devices.remove(id);
  needs_.feed.device_removed.publish({entry});
}

void Follower::remove(const UserId& id) {
  needs_.users.remove(id);
  needs_.feed.user_removed.publish({id});
}

// A thousand devices registered in a row are one write.
void Follower::save_soon() {
  if (std::exchange(unsaved_, true)) return;
  save_at_.expires_after(kSaveAfter);
  save_at_.async_wait([this](const boost::system::error_code& error) {
    if (!error) save();
  });
}

// Replaces the file in one step; readable by its owner alone, since it has people's addresses.
void Follower::save() {
  unsaved_ = false;
  auto all = whole(needs_.devices, needs_.users, key_, "", SIZE_MAX);
  const auto fresh = needs_.file.string() + ".new";
  std::ofstream out(fresh, std::ios::trunc | std::ios::binary);
  std::error_code error;
  std::filesystem::permissions(
      fresh, std::filesystem::perms::owner_read | std::filesystem::perms::owner_write, error);
  out << encode(all.front());
  out.close();
  if (out) std::filesystem::rename(fresh, needs_.file, error);
  if (!out || error)
    log::warning("relay", "the copy of the directory cannot be written; check the state directory",
                 {{"file", needs_.file.string()}});
}

}  // namespace croft::relay

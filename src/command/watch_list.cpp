// The list of triggers that are watched: looked at, added to, changed.
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "command/alert_store.hpp"
#include "command/watch.hpp"

namespace croft::command {
namespace {

Error no_such_trigger() { return fail(Code::not_found, "there is no such trigger"); }
Error no_such_device() { return fail(Code::not_found, "there is no such device"); }
Error too_many() { return fail(Code::conflict, "the device has 100 triggers already"); }

}  // namespace

std::shared_ptr<Watch::Post> Watch::post(const DeviceId& device) const {
  const auto found = posts_.find(device);
  return found == posts_.end() ? nullptr : found->second;
}

std::shared_ptr<Watch::Post> Watch::post_for(const DeviceId& device) {
  auto& post = posts_[device];
  if (!post) post = std::make_shared<Post>();
  return post;
}

void Watch::put(Trigger trigger) {
  const auto post = post_for(trigger.device);
  device_of_[trigger.id] = trigger.device;
  const auto state = trigger.state;
  const auto id = trigger.id;
  const auto fresh = post->triggers.insert_or_assign(id, Watched{std::move(trigger), state}).second;
  if (!fresh) return;
  watching_.add(1);
  needs_.feed.keepers_changed.publish({});
}

std::vector<Trigger> Watch::list(const UserId& owner, const std::optional<DeviceId>& device) const {
  std::vector<Trigger> found;
  const auto devices = device ? std::vector<DeviceId>{*device} : needs_.directory.owned_by(owner);
  for (const auto& id : devices) {
    const auto post = this->post(id);
    if (!post) continue;
    for (const auto& [trigger, watched] : post->triggers)
      if (watched.trigger.owner == owner) found.push_back(watched.trigger);
  }
  std::ranges::sort(found, {}, &Trigger::id);
  return found;
}

const Trigger* Watch::find(const TriggerId& id, const UserId& owner) const {
  const auto device = device_of_.find(id);
  if (device == device_of_.end()) return nullptr;
  const auto post = this->post(device->second);
  if (!post) return nullptr;
  const auto found = post->triggers.find(id);
  if (found == post->triggers.end() || found->second.trigger.owner != owner) return nullptr;
  return &found->second.trigger;
}

Task<Result<Trigger>> Watch::add(Trigger trigger, NoteKey note) {
  const auto post = post_for(trigger.device);
  co_await post->turn.take();
  const Held held(post);
  if (needs_.directory.find_owned(trigger.device, trigger.owner) == nullptr)
    co_return no_such_device();
  if (post->triggers.size() >= kMostPerDevice) co_return too_many();
  trigger.id = TriggerId(new_id());
  trigger.created = needs_.clock.now();
  trigger.state = rules::begin(trigger.created);
  auto insert = [&trigger, &note](db::Connection& connection) {
    if (!note(connection, trigger.id.str())) return false;
    triggers::add(connection, trigger);
    return true;
  };
  const bool added = co_await needs_.database.write(insert);
  if (!added) co_return fail(Code::conflict, "called off");
  put(trigger);
  co_return trigger;
}

Task<Result<Trigger>> Watch::change(Trigger wanted) {
  const auto device = device_of_.find(wanted.id);
  if (device == device_of_.end()) co_return no_such_trigger();
  const auto post = this->post(device->second);
  if (!post) co_return no_such_trigger();
  co_await post->turn.take();
  const Held held(post);
  const auto found = post->triggers.find(wanted.id);
  if (found == post->triggers.end()) co_return no_such_trigger();
  auto& watched = found->second;
  const bool moved = wanted.device != watched.trigger.device;
  if (moved) {
    if (needs_.directory.find_owned(wanted.device, wanted.owner) == nullptr)
      co_return no_such_device();
    if (post_for(wanted.device)->triggers.size() >= kMostPerDevice) co_return too_many();
  }
  const auto now = needs_.clock.now();
  const bool anew = moved || wanted.condition != watched.trigger.condition ||
                    wanted.enabled != watched.trigger.enabled;
  if (anew) {
    auto state = rules::begin(now);
    state.fired = watched.trigger.state.fired;  // the cooldown goes on
    co_await clear(watched, state, now, false);
  }
  wanted.state = watched.trigger.state;
  bool kept = false;
  auto update = [&wanted](db::Connection& connection) {
    return triggers::update(connection, wanted);
  };
  kept = co_await needs_.database.write(update);
  if (!kept) co_return no_such_trigger();
  if (moved) {
    post->triggers.erase(found);
    watching_.add(-1);
    put(wanted);
  } else {
    watched.trigger = wanted;
    watched.saved = wanted.state;
  }
  co_return wanted;
}

Task<void> Watch::remove(TriggerId id) {
  const auto device = device_of_.find(id);
  if (device == device_of_.end()) co_return;
  const auto post = this->post(device->second);
  if (!post) co_return;
  co_await post->turn.take();
  const Held held(post);
  const auto found = post->triggers.find(id);
  if (found == post->triggers.end()) co_return;
  co_await clear(found->second, rules::begin(needs_.clock.now()), needs_.clock.now(), false);
  auto erase = [id](db::Connection& connection) { triggers::remove(connection, id); };
  co_await needs_.database.write(erase);
  post->triggers.erase(found);
  device_of_.erase(id);
  watching_.add(-1);
}

}  // namespace croft::command

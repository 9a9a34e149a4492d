// Which relay each combination of services needs.
// SPDX-License-Identifier: Apache-2.0
#include "app/relays.hpp"

#include <utility>

#include "app/interrupted.hpp"
#include "base/log.hpp"

namespace croft::app {
namespace {

using std::chrono::seconds;
using std::chrono::steady_clock;

constexpr seconds kAuthAnswers{3};  // with a copy of the directory at hand
constexpr seconds kSayAgain{10};

relay::Follower::Needs follower_needs(const Targets& targets, const Relays::Needs& needs,
                                      mqtt::Client& client) {
  return {client,      needs.feed,      needs.directory,
          needs.users, targets.first(), needs.state_dir / "directory.json"};
}

}  // namespace

Relays::Relays(const Targets& targets, const Needs& needs, const std::string& own_key) {
  auto& client = needs.client;
  if (targets.auth)
    announcer_.emplace(client, needs.feed, needs.directory, needs.users, own_key);
  else
    follower_.emplace(follower_needs(targets, needs, client), needs.on_key);
  if (targets.data) {
    outlet_ = std::make_unique<mqtt::Client>(
        needs.loop.get_executor(),
        platform_client(needs.broker, needs.client_name + "-outlet", false));
    source_.emplace(
        relay::ReadingSource::Needs{client, *outlet_, needs.feed, needs.devices, needs.metrics},
        !targets.command);
  } else {
    sink_.emplace(relay::ReadingSink::Needs{client, needs.feed, needs.devices, needs.directory,
                                            targets.first()},
                  relay::ReadingSink::Wants{targets.auth, targets.command});
  }
  if (targets.command) events_.emplace(client, needs.feed);
  // Every process remembers which sessions ended (src/sessions/redis.hpp); the live view closes
  // them.
  relay::EventSink{targets.visualisation && !targets.command, !targets.auth}.listen(client,
                                                                                    needs.feed);
}

void Relays::on_directory(std::function<void()> then) {
  if (follower_) follower_->on_fresh(std::move(then));
}

Task<void> Relays::run() {
  if (outlet_) co_await outlet_->run();
}

Task<void> Relays::stop() {
  if (!outlet_) co_return;
  if (outlet_->connected()) co_await outlet_->flush(seconds(2));
  source_->stop();
  outlet_->stop();
}

void learn_directory(const Targets& targets, const Relays::Needs& needs) {
  mqtt::Client client(needs.loop.get_executor(),
                      platform_client(needs.broker, needs.client_name + "-start", false));
  relay::Follower follower(follower_needs(targets, needs, client), needs.on_key);
  bool ended = false;
  auto run = [&]() -> Task<void> {
    co_await client.run();
    ended = true;
  };
  spawn(needs.loop.get_executor(), "app", run());
  const Interruption interruption;
  const auto began = steady_clock::now();
  bool copied = false;
  bool tried = false;
  for (auto say_at = began + seconds(1); !follower.fresh() && !copied && !interruption.came();) {
    needs.loop.run_one_for(std::chrono::milliseconds(50));
    const auto now = steady_clock::now();
    if (now - began > kAuthAnswers && !std::exchange(tried, true)) copied = follower.load();
    if (now < say_at) continue;
    log::info("app",
              client.connected() ? "waiting for the auth service to tell the directory"
                                 : "waiting for the broker",
              {{"broker", needs.broker.host + ":" + std::to_string(needs.broker.port)}});
    say_at = now + kSayAgain;
  }
  if (copied)
    log::warning("app",
                 "the auth service does not answer; starting with the directory of last time",
                 {{"devices", needs.directory.size()}});
  client.stop();
  while (!ended) needs.loop.run_one_for(std::chrono::milliseconds(50));
  needs.loop.restart();
  if (interruption.came()) throw Stopped();
}

}  // namespace croft::app

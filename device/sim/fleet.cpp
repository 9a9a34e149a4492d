// The fleet: starts its nodes one after the other, calls each when it is due, sums up what they do.
// SPDX-License-Identifier: Apache-2.0
#include "device/sim/fleet.hpp"

#include <sys/resource.h>

#include <algorithm>
#include <cmath>
#include <exception>
#include <memory>
#include <stdexcept>
#include <unordered_set>
#include <utility>

#include "base/log.hpp"
#include "device/sim/agenda.hpp"
#include "device/sim/virtual_node.hpp"
#include "protocol/text.hpp"

namespace croft::sim {
namespace {

using std::chrono::milliseconds;

constexpr std::size_t kMostNodes = 10'000;
constexpr milliseconds kShortestPause{
    4};                           // several nodes are served at once rather than one by one
constexpr int kNodesATurn = 200;  // then sockets have their turn

void allow_descriptors(std::size_t nodes) {
  const rlim_t needed = nodes + 64;
  rlimit limit{};
  ::getrlimit(RLIMIT_NOFILE, &limit);
  if (limit.rlim_cur >= needed) return;
  limit.rlim_cur = std::min(needed, limit.rlim_max);
  ::setrlimit(RLIMIT_NOFILE, &limit);
  if (limit.rlim_cur < needed) {
    throw std::runtime_error(std::to_string(nodes) + " nodes need " + std::to_string(needed) +
                             " file descriptors, but only " + std::to_string(limit.rlim_max) +
                             " are allowed; raise the limit with `ulimit -Hn`");
  }
}

std::size_t buffer_for(milliseconds interval) {
  const auto readings = static_cast<std::size_t>(std::chrono::minutes(5) / interval);
  return std::clamp<std::size_t>(readings, 120, 6000);
}

void check(const Config& config) {
  if (config.devices.empty()) throw std::runtime_error("no devices to simulate");
  if (config.devices.size() > kMostNodes) {
    throw std::runtime_error("at most " + std::to_string(kMostNodes) + " devices can be simulated");
  }
  if (config.interval < milliseconds(1) || config.interval > std::chrono::hours(24)) {
    throw std::runtime_error("the interval must be from 1 ms to 24 h");
  }
  if (config.buffer > 1'000'000) {
    throw std::runtime_error("the buffer must hold at most 1000000 readings");
  }
  std::unordered_set<std::string_view> seen;
  for (const Credential& credential : config.devices) {
    if (!protocol::is_device_id(credential.device)) {
      throw std::runtime_error("\"" + credential.device + "\" is not a device id");
    }
    if (!seen.insert(credential.device).second) {
      throw std::runtime_error("device " + credential.device + " is listed twice");
    }
  }
}

}  // namespace

// Kept alive by the Fleet and by every node's task, so that a Fleet may go before its nodes ended.
struct Fleet::Parts : std::enable_shared_from_this<Parts> {
  Parts(const Executor& executor, const Clock& clock, const Config& config)
      : shared(executor, clock, config),
        agenda(config.devices.size()),
        started(config.devices.size()),
        wake(executor),
        ended(executor),
        progress(config.progress) {
    shared.wants_tick = [this](std::uint32_t who) { plan(who); };
    if (config.acknowledged_log.empty()) return;
    shared.acknowledged.open(config.acknowledged_log, std::ios::app);
    if (!shared.acknowledged) {
      throw std::runtime_error("cannot write " + config.acknowledged_log.string());
    }
  }

  void add_nodes(std::vector<Credential> credentials) {
    nodes.reserve(credentials.size());
    for (Credential& credential : credentials) {
      const auto number = static_cast<std::uint32_t>(nodes.size());
      nodes.push_back(std::make_unique<VirtualNode>(shared, number, std::move(credential)));
    }
  }

  // Each node starts in a slot of its own, somewhere in it.
  void plan_starts(milliseconds spread) {
    if (spread.count() <= 0) spread = milliseconds(nodes.size());
    const double slot_ms = static_cast<double>(spread.count()) / static_cast<double>(nodes.size());
    std::uniform_real_distribution<> somewhere(0, 1);
    for (std::uint32_t i = 0; i < nodes.size(); ++i) {
      const double after_ms = (i + somewhere(shared.random)) * slot_ms;
      agenda.add(i, shared.uptime_ms() + static_cast<std::uint64_t>(after_ms));
    }
  }

  void plan(std::uint32_t who) {
    const std::uint64_t before = agenda.next_due_ms();
    agenda.add(who, nodes[who]->next_due_ms());
    if (agenda.next_due_ms() < before) wake.raise();
  }

  void serve_due() {
    const std::uint64_t now = shared.uptime_ms();
    for (int i = 0; i < kNodesATurn; ++i) {
      const std::optional<std::uint32_t> who = agenda.take(now);
      if (!who) return;
      if (!started[*who]) {
        start(*who);
      } else {
        nodes[*who]->tick();
        agenda.add(*who, nodes[*who]->next_due_ms());
      }
    }
  }

  void start(std::uint32_t who) {
    started[who] = true;
    ++running;
    asio::co_spawn(shared.executor, nodes[who]->run(),
                   [self = shared_from_this()](std::exception_ptr failure) {
                     --self->running;
                     self->ended.raise();
                     if (!failure) return;
                     self->broken = failure;
                     self->wake.raise();
                   });
  }

  milliseconds pause() {
    const std::uint64_t now = shared.uptime_ms();
    const std::uint64_t due = agenda.next_due_ms();
    const std::uint64_t wait = due > now ? std::min<std::uint64_t>(due - now, 1000) : 0;
    return std::max(kShortestPause, milliseconds(wait));
  }

  void stop_nodes() {
    for (const auto& node : nodes) node->stop();
  }

  Stats sum() const;
  void report(std::string_view what);
  void report_if_due() {
    const std::uint64_t now = shared.uptime_ms();
    if (now - flushed_ms >= 1000) {
      flushed_ms = now;
      if (shared.acknowledged.is_open()) shared.acknowledged.flush();
    }
    const auto every = static_cast<std::uint64_t>(milliseconds(progress).count());
    if (every > 0 && now - reported_ms >= every) report("virtual nodes");
  }

  Surroundings shared;
  std::vector<std::unique_ptr<VirtualNode>> nodes;
  Agenda agenda;
  std::vector<bool> started;
  Event wake;   // somebody is due earlier, or it is time to stop
  Event ended;  // a node's task has ended
  std::chrono::seconds progress;
  std::uint64_t reported_ms = 0;
  std::uint64_t reported_stored = 0;
  std::uint64_t flushed_ms = 0;
  std::size_t running = 0;
  std::exception_ptr broken;
  bool stopping = false;
};

Stats Fleet::Parts::sum() const {
  Stats sum;
  sum.nodes = nodes.size();
  for (const auto& node : nodes) {
    const core::NodeStats& one = node->node().stats();
    if (node->connected_now()) ++sum.connected;
    sum.sampled += one.sampled;
    sum.sent += one.sent;
    sum.stored += one.stored;
    sum.buffered += node->node().outbox().unacknowledged();
    sum.dropped += node->node().outbox().dropped();
    sum.commands += one.commands_done;
    sum.commands_refused += one.commands_refused;
  }
  return sum;
}

void Fleet::Parts::report(std::string_view what) {
  const Stats now = sum();
  const std::uint64_t at = shared.uptime_ms();
  const double seconds = static_cast<double>(std::max<std::uint64_t>(1, at - reported_ms)) / 1000;
  const double rate = static_cast<double>(now.stored - reported_stored) / seconds;
  reported_ms = at;
  reported_stored = now.stored;
  log::info("sim", what,
            {{"nodes", now.nodes},
             {"connected", now.connected},
             {"sampled", now.sampled},
             {"sent", now.sent},
             {"stored", now.stored},
             {"stored_per_second", std::round(rate * 10) / 10},
             {"buffered", now.buffered},
             {"dropped", now.dropped},
             {"commands", now.commands},
             {"commands_refused", now.commands_refused}});
}

Fleet::Fleet(const Executor& executor, const Clock& clock, Config config) {
  check(config);
  allow_descriptors(config.devices.size());
  if (config.buffer == 0) config.buffer = buffer_for(config.interval);
  parts_ = std::make_shared<Parts>(executor, clock, config);
  parts_->add_nodes(std::move(config.devices));
  parts_->plan_starts(config.spread);
}

Fleet::~Fleet() { stop(); }  // run(), if it is under way, ends the nodes and lets go of the parts

Task<void> Fleet::run() {
  const std::shared_ptr<Parts> parts = parts_;
  while (!parts->stopping && !parts->broken) {
    parts->serve_due();
    parts->report_if_due();
    co_await parts->wake.wait_for(parts->pause());
  }
  parts->stop_nodes();
  while (parts->running > 0) co_await parts->ended.wait();
  if (parts->shared.acknowledged.is_open()) parts->shared.acknowledged.flush();
  if (parts->progress.count() > 0) parts->report("virtual nodes have stopped");
  if (parts->broken) std::rethrow_exception(parts->broken);
}

void Fleet::stop() {
  parts_->stopping = true;
  parts_->wake.raise();
}

Stats Fleet::stats() const { return parts_->sum(); }

void Fleet::drop_connections() {
  for (const auto& node : parts_->nodes) node->drop_connection();
}

}  // namespace croft::sim

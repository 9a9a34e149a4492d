// One coroutine for each node that is being told something.
// SPDX-License-Identifier: Apache-2.0
#include "data/node_acks.hpp"

#include <algorithm>
#include <map>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "protocol/topics.hpp"

namespace croft::data {
namespace {

using protocol::SeqRange;
using Boots = std::map<std::uint32_t, std::vector<SeqRange>>;

mqtt::Message message_of(const DeviceId& device, std::uint32_t boot,
                         std::span<const SeqRange> ranges) {
  protocol::Ack ack(boot);
  ack.count = ranges.size();
  std::ranges::copy(ranges, ack.ranges);
  char topic[protocol::kMaxTopicBytes], payload[protocol::kMaxAckBytes];
  const auto to =
      protocol::write_topic(device.str(), protocol::Kind::telemetry_ack, topic, sizeof topic);
  const auto text = protocol::encode_ack(ack, payload, sizeof payload);
  return {std::string(to), std::string(text)};
}

}  // namespace

std::vector<SeqRange> join(std::span<const SeqRange> one, std::span<const SeqRange> other) {
  std::vector<SeqRange> sorted(one.size() + other.size());
  std::ranges::merge(one, other, sorted.begin(), {}, &SeqRange::first, &SeqRange::first);
  std::vector<SeqRange> joined;
  for (const auto& range : sorted) {
    const bool meets = !joined.empty() && range.first <= std::uint64_t{joined.back().last} + 1;
    if (meets)
      joined.back().last = std::max(joined.back().last, range.last);
    else
      joined.push_back(range);
  }
  return joined;
}

// Lives as long as the last coroutine, which looks at `closed` whenever it comes back.
struct NodeAcks::State {
  State(mqtt::Client& client, Metrics& metrics)
      : mqtt(client),
        unsent(metrics.counter("data_acks_unsent_total",
                               "Acknowledgements to nodes that could not be handed on.")),
        idle(client.executor()) {}

  mqtt::Client& mqtt;
  Counter unsent;
  // Of the nodes that a coroutine is telling something: what comes next.
  std::unordered_map<std::string, Boots> next;
  Event idle;
  bool closed = false;
};

NodeAcks::NodeAcks(mqtt::Client& mqtt, Metrics& metrics)
    : state_(std::make_shared<State>(mqtt, metrics)) {}

NodeAcks::~NodeAcks() { state_->closed = true; }

void NodeAcks::tell(const DeviceId& device, std::uint32_t boot,
                    std::span<const protocol::SeqRange> ranges) {
  const auto [at, fresh] = state_->next.try_emplace(device.str());
  auto& waiting = at->second[boot];
  waiting = join(waiting, ranges);
  if (fresh) spawn(state_->mqtt.executor(), "data", send(state_, device));
}

Task<void> NodeAcks::send(std::shared_ptr<State> state, DeviceId device) {
  for (;;) {
    auto& boots = state->next[device.str()];
    if (boots.empty()) break;
    const auto told = boots.extract(boots.begin());
    std::span<const SeqRange> rest = told.mapped();
    while (!rest.empty()) {
      const auto part = rest.first(std::min(rest.size(), protocol::kMaxAckRanges));
      rest = rest.subspan(part.size());
      const auto outcome = co_await state->mqtt.publish(message_of(device, told.key(), part));
      if (state->closed) co_return;
      if (!outcome) state->unsent.add();
    }
  }
  state->next.erase(device.str());
  if (state->next.empty()) state->idle.raise();
}

Task<void> NodeAcks::settle(std::chrono::milliseconds limit) {
  const auto deadline = std::chrono::steady_clock::now() + limit;
  while (!state_->next.empty() && std::chrono::steady_clock::now() < deadline)
    co_await state_->idle.wait_for(deadline - std::chrono::steady_clock::now());
}

}  // namespace croft::data

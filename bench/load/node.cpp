// Measuring, sending, sending again, forgetting.
// SPDX-License-Identifier: Apache-2.0
#include "load/node.hpp"

#include <algorithm>
#include <cstdio>
#include <utility>

#include "protocol/ack_codec.hpp"
#include "protocol/topics.hpp"

namespace croft::load {
namespace {

// A reading that is not acknowledged for so long is sent again, as the firmware does.
constexpr std::chrono::seconds kPatience{20};

std::string topic_of(const std::string& device, protocol::Kind kind) {
  char buffer[protocol::kMaxTopicBytes];
  return std::string(protocol::write_topic(device, kind, buffer, sizeof buffer));
}

}  // namespace

Node::Node(const Executor& executor, const Settings& settings, std::string device,
           std::string secret, Totals& totals)
    : settings_(settings),
      totals_(totals),
      device_(std::move(device)),
      topic_(topic_of(device_, protocol::Kind::telemetry)),
      client_(executor, options(std::move(secret))) {
  client_.on_connected([this](bool) {
    ++totals_.connects;
    // Without numbers it is the MQTT client itself that sends again what was not acknowledged.
    if (settings_.numbered) unsent_ = first_;
  });
  if (!settings_.numbered) return;
  client_.subscribe(topic_of(device_, protocol::Kind::telemetry_ack), 1,
                    [this](mqtt::Delivery delivery) {
                      on_ack(delivery.payload());
                      delivery.acknowledge();
                    });
}

mqtt::Options Node::options(std::string secret) const {
  mqtt::Options options;
  options.host = settings_.host;
  options.port = settings_.port;
  options.client_id = device_;
  options.username = device_;
  options.password = std::move(secret);
  options.receive_maximum = 100;
  options.outgoing_messages = settings_.keep;
  options.backoff_most = std::chrono::seconds(2);
  return options;
}

void Node::measure(steady_clock::time_point due, std::int64_t wall_ms) {
  if (kept_.size() >= settings_.keep) {
    ++totals_.skipped;
    return;
  }
  if (kept_.empty()) moved_ = steady_clock::now();
  kept_.push_back({due, wall_ms});
  ++totals_.made;
}

bool Node::send(std::size_t most) {
  const auto end = first_ + static_cast<std::uint32_t>(std::min(kept_.size(), settings_.window));
  if (settings_.numbered && !client_.connected()) return false;
  if (settings_.numbered && !kept_.empty() && steady_clock::now() - moved_ > kPatience) {
    unsent_ = first_;
    moved_ = steady_clock::now();
  }
  unsent_ = std::max(unsent_, first_);
  for (; unsent_ < end && most > 0; ++unsent_) {
    const Kept& kept = kept_[unsent_ - first_];
    if (kept.acknowledged) continue;
    if (!settings_.numbered)
      spawn(client_.executor(), "load", publish(unsent_, payload(unsent_, kept)));
    else if (!client_.post({topic_, payload(unsent_, kept)}))
      return false;
    if (unsent_ < ever_sent_) ++totals_.repeated;
    ever_sent_ = std::max(ever_sent_, unsent_ + 1);
    --most;
  }
  return unsent_ < end;
}

// About 100 bytes. `n` is the number once more, as a measurement, so that whoever reads it knows
// which one it is; the other values follow from it.
std::string Node::payload(std::uint32_t seq, const Kept& kept) const {
  char identity[48] = "";
  if (settings_.numbered)
    std::snprintf(identity, sizeof identity, R"("boot":%u,"seq":%u,)", settings_.boot, seq);
  char text[160];
  std::snprintf(text, sizeof text, R"({%s"time":%lld,"n":%u,"temperature":%u.%u,"humidity":%u})",
                identity, static_cast<long long>(kept.wall_ms), seq, 10 + seq % 30, seq % 10,
                seq % 100);
  return text;
}

Task<void> Node::publish(std::uint32_t seq, std::string payload) {
  const auto answer = co_await client_.publish({topic_, std::move(payload)});
  if (answer) forget(seq);
}

void Node::on_ack(std::string_view payload) {
  protocol::Ack ack;
  if (!protocol::decode_ack(payload, ack) || ack.boot != settings_.boot) return;
  const auto end = first_ + static_cast<std::uint32_t>(kept_.size());
  for (const auto& range : ack)
    for (auto seq = std::max(range.first, first_); seq <= range.last && seq < end; ++seq)
      forget(seq);
}

void Node::forget(std::uint32_t seq) {
  if (seq < first_ || seq - first_ >= kept_.size()) return;
  Kept& kept = kept_[seq - first_];
  if (!std::exchange(kept.acknowledged, true)) {
    ++totals_.acknowledged;
    totals_.latency.add(us_since(kept.due));
  }
  for (; !kept_.empty() && kept_.front().acknowledged; ++first_) {
    kept_.pop_front();
    moved_ = steady_clock::now();
  }
}

std::string Node::line_of_ledger() const {
  std::string line = device_ + '\t' + std::to_string(settings_.numbered ? settings_.boot : 0) +
                     '\t' + std::to_string(first_ + kept_.size() - 1) + '\t';
  for (std::size_t i = 0; i < kept_.size(); ++i)
    if (!kept_[i].acknowledged) line += std::to_string(first_ + i) + ',';
  return line + '\n';
}

}  // namespace croft::load

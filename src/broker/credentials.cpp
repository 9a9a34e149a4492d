// The table of devices on its way to the broker.
// SPDX-License-Identifier: Apache-2.0
#include "broker/credentials.hpp"

#include <boost/asio/post.hpp>
#include <charconv>
#include <unordered_map>
#include <utility>

#include "base/log.hpp"

namespace croft::broker {
namespace {

constexpr const char* kControlTopic = "$CONTROL/croft/v1/devices";
constexpr std::size_t kPieceBytes = 48 * 1024;  // of a table that takes several messages

mqtt::Message control(std::string text) {
  mqtt::Message message;
  message.topic = kControlTopic;
  message.payload = std::move(text);
  return message;
}

}  // namespace

struct Credentials::State : std::enable_shared_from_this<State> {
  explicit State(mqtt::Client& c) : client(&c) {}

  void send_all();
  Task<bool> send(std::string line);

  mqtt::Client* client;  // nothing once Credentials are gone
  std::unordered_map<std::string, std::string> table;
  log::Throttle lines{10.0};
};

// All pieces are queued in one go, so that no single change comes between begin and commit.
void Credentials::State::send_all() {
  std::string text = "begin\n";
  bool queued = true;
  for (const auto& [device, hash] : table) {
    if (text.size() > kPieceBytes)
      queued = client->post(control(std::exchange(text, {}))) && queued;
    text.append("set ").append(device).append(" ").append(hash).append("\n");
  }
  queued = client->post(control(text + "commit\n")) && queued;
  if (queued) return;
  lines.write(log::Level::error, "broker",
              "too many messages wait for the broker; its table of devices is sent again later");
  asio::post(client->executor(), [weak = weak_from_this()] {
    const auto state = weak.lock();
    if (state && state->client) state->client->drop();
  });
}

Task<bool> Credentials::State::send(std::string line) {
  const auto result = co_await client->publish(control(std::move(line)));
  co_return result.has_value();
}

namespace {

// Waits for `work`, at most `limit`; it goes on by itself beyond that.
Task<bool> at_most(Executor executor, std::chrono::milliseconds limit, Task<bool> work) {
  struct Wait {
    explicit Wait(const Executor& on) : done(on) {}
    Event done;
    bool good = false;
  };
  const auto wait = std::make_shared<Wait>(executor);
  auto run = [](std::shared_ptr<Wait> shared, Task<bool> task) -> Task<void> {
    shared->good = co_await std::move(task);
    shared->done.raise();
  };
  spawn(executor, "broker", run(wait, std::move(work)));
  co_await wait->done.wait_for(limit);
  co_return wait->good;
}

}  // namespace

Credentials::Credentials(mqtt::Client& client) : state_(std::make_shared<State>(client)) {
  client.on_connected([weak = std::weak_ptr<State>(state_)](bool) {
    const auto state = weak.lock();
    if (state && state->client) state->send_all();
  });
}

Credentials::~Credentials() { state_->client = nullptr; }

void Credentials::replace_all(std::vector<Credential> all) {
  state_->table.clear();
  for (Credential& one : all) state_->table[one.device.str()] = std::move(one.secret_hash);
  if (state_->client->connected()) state_->send_all();
}

Task<bool> Credentials::set(DeviceId device, std::string secret_hash) {
  std::string line = "set " + device.str() + " " + secret_hash + "\n";
  state_->table[device.str()] = std::move(secret_hash);
  const auto state = state_;
  const bool taken =
      co_await at_most(state->client->executor(), kLimit, state->send(std::move(line)));
  if (!taken)
    state->lines.write(
        log::Level::warning, "broker",
        "the broker has not confirmed a device's new secret; it will when it is back");
  co_return taken;
}

Task<bool> Credentials::remove(DeviceId device) {
  const auto state = state_;
  state->table.erase(device.str());
  const bool taken = co_await at_most(state->client->executor(), kLimit,
                                      state->send("remove " + device.str() + "\n"));
  if (!taken)
    state->lines.write(
        log::Level::warning, "broker",
        "the broker has not confirmed that a device is gone; it will when it is back");
  co_return taken;
}

// The broker handles one client's messages in order: what comes after all others tells of them.
Task<bool> Credentials::taken(std::chrono::milliseconds limit) {
  const auto state = state_;
  const bool answered = co_await at_most(state->client->executor(), limit, state->send(""));
  co_return answered;
}

void expose_dropped(mqtt::Client& client, Metrics& metrics) {
  auto gauge = std::make_shared<Gauge>(metrics.gauge(
      "broker_dropped_messages", "Messages the broker threw away because a queue was full."));
  client.subscribe("$SYS/broker/publish/messages/dropped", 0, [gauge](mqtt::Delivery delivery) {
    const std::string_view text = delivery.payload();
    double dropped = 0;
    const auto read = std::from_chars(text.data(), text.data() + text.size(), dropped);
    if (read.ec == std::errc()) gauge->set(dropped);
    delivery.acknowledge();
  });
}

}  // namespace croft::broker

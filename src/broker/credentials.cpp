// Sends the table of devices, and every change of it, to the broker's guard.
// SPDX-License-Identifier: Apache-2.0
#include "broker/credentials.hpp"

#include <memory>

#include "base/log.hpp"

namespace croft::broker {
namespace {

constexpr const char* kTopic = "$CONTROL/croft/v1/devices";
constexpr std::size_t kChunkBytes = 32 * 1024;
constexpr std::chrono::seconds kPatience{2};

mqtt::Message control(std::string lines) {
  mqtt::Message message;
  message.topic = kTopic;
  message.payload = std::move(lines);
  message.qos = 1;
  return message;
}

Task<void> publish_and_raise(mqtt::Client& client, std::string line, std::shared_ptr<Event> done) {
  const auto taken = co_await client.publish(control(std::move(line)));
  if (!taken)
    log::warning("broker",
                 "the broker did not take a change of credentials; it gets all of them "
                 "at the next connect",
                 {{"error", taken.error().message}});
  done->raise();
}

}  // namespace

Credentials::Credentials(const Executor& executor, mqtt::Client& client, std::vector<Grant> grants)
    : executor_(executor), client_(client), grants_(std::move(grants)) {
  client_.on_connected([this](bool) { send_all(); });
}

void Credentials::replace_all(std::vector<Credential> all) {
  table_.clear();
  for (auto& credential : all) table_[credential.device] = std::move(credential.secret_hash);
  if (client_.connected()) send_all();
}

// begin ... commit replaces the table in one step, however many messages it takes.
void Credentials::send_all() {
  std::string lines = "begin\n";
  const auto add = [&](const std::string& line) {
    if (lines.size() + line.size() > kChunkBytes) {
      client_.post(control(std::move(lines)));
      lines.clear();
    }
    lines += line;
  };
  for (const auto& [device, hash] : table_) add("set " + device.str() + " " + hash + "\n");
  for (const auto& grant : grants_)
    add("grant " + grant.device.str() + " " + grant.topic_filter + "\n");
  add("commit\n");
  if (!client_.post(control(std::move(lines))))
    log::error("broker",
               "the table of devices does not fit into the queue to the broker; new "
               "devices cannot connect until the next connect");
}

Task<void> Credentials::set(const DeviceId& device, const std::string& secret_hash) {
  table_[device] = secret_hash;
  return tell("set " + device.str() + " " + secret_hash + "\n");
}

Task<void> Credentials::remove(const DeviceId& device) {
  table_.erase(device);
  return tell("remove " + device.str() + "\n");
}

Task<void> Credentials::tell(std::string line) {
  if (!client_.connected()) co_return;
  auto done = std::make_shared<Event>(executor_);
  spawn(executor_, "broker", publish_and_raise(client_, std::move(line), done));
  const bool taken = co_await done->wait_for(kPatience);
  if (!taken) log::warning("broker", "the broker is slow to take a change of credentials");
}

}  // namespace croft::broker

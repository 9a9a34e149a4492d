// Reads subscriptions from a client and writes events to it.
// SPDX-License-Identifier: Apache-2.0
#include "visualisation/live_client.hpp"

#include <boost/asio/experimental/awaitable_operators.hpp>

#include "base/json.hpp"

namespace croft::visualisation {
namespace {

constexpr std::size_t kMostSubscribed = 10'000;

SharedText error_message(std::string_view detail) {
  JsonWriter json;
  json.begin_object();
  json.member("type", "error");
  json.member("detail", detail);
  json.end_object();
  return std::make_shared<const std::string>(std::move(json).str());
}

}  // namespace

LiveClient::LiveClient(const Executor& executor, http::WebSocket& socket, Principal principal,
                       Bounds bounds)
    : socket_(socket), principal_(std::move(principal)), bounds_(bounds), wake_(executor) {}

Task<void> LiveClient::run() {
  using boost::asio::experimental::awaitable_operators::operator&&;
  co_await (read_loop() && write_loop());
}

bool LiveClient::wants(const DeviceId& device) const { return !only_ || only_->contains(device); }

bool LiveClient::send(const SharedText& text) {
  if (ended_) return true;
  if (queue_.size() >= bounds_.messages || queued_bytes_ + text->size() > bounds_.bytes) {
    close(1013, "too slow: reconnect and read what you missed");
    return false;
  }
  queue_.push_back(text);
  queued_bytes_ += text->size();
  wake_.raise();
  return true;
}

void LiveClient::close(std::uint16_t code, std::string_view reason) {
  if (ended_) return;
  ended_ = true;
  queue_.clear();
  socket_.close(code, reason);
  wake_.raise();
}

Task<void> LiveClient::read_loop() {
  for (;;) {
    const auto text = co_await socket_.read();
    if (!text) break;
    on_message(*text);
  }
  ended_ = true;
  wake_.raise();
}

Task<void> LiveClient::write_loop() {
  while (!ended_) {
    if (queue_.empty()) {
      co_await wake_.wait();
      continue;
    }
    const auto text = queue_.front();
    queue_.pop_front();
    queued_bytes_ -= text->size();
    const bool written = co_await socket_.write(text);
    if (!written) break;
  }
  ended_ = true;
}

// {"type":"subscribe","devices":["id",...]}; without "devices": every device again.
void LiveClient::on_message(const std::string& text) {
  JsonFields in(text);
  const auto type = in.text("type", {.most = 32});
  if (in.error()) {
    send(error_message("expected an object with a \"type\""));
    return;
  }
  if (type != "subscribe") {
    send(error_message("the only type understood is \"subscribe\""));
    return;
  }
  if (!in.has("devices")) {
    only_.reset();
    return;
  }
  const auto devices = in.texts("devices", kMostSubscribed);
  if (const auto error = in.error()) {
    send(error_message(error->message));
    return;
  }
  std::set<DeviceId> wanted;
  for (const auto& device : devices) wanted.insert(DeviceId(device));
  only_ = std::move(wanted);
}

}  // namespace croft::visualisation

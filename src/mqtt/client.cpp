// The client's face: deliveries and the calls that lead into its session.
// SPDX-License-Identifier: Apache-2.0
#include "mqtt/client.hpp"

#include <boost/asio/post.hpp>
#include <utility>

#include "mqtt/delivery.hpp"
#include "mqtt/session.hpp"

namespace croft::mqtt {

Delivery::Delivery(std::shared_ptr<State> state) : state_(std::move(state)) {}

std::string_view Delivery::topic() const {
  return std::string_view(state_->bytes).substr(0, state_->topic_bytes);
}

std::string_view Delivery::payload() const {
  return std::string_view(state_->bytes).substr(state_->topic_bytes);
}

int Delivery::qos() const { return state_->qos; }
bool Delivery::retained() const { return state_->retained; }
bool Delivery::duplicate() const { return state_->duplicate; }

void Delivery::acknowledge() {
  if (acknowledged_ || !state_) return;
  acknowledged_ = true;
  if (--state_->awaited > 0 || state_->qos == 0) return;
  const auto to = state_->to.lock();
  if (to) to->acknowledge(state_->epoch, state_->packet_id, state_->qos);
}

Client::Client(const Executor& executor, Options options)
    : session_(std::make_shared<Session>(executor, std::move(options))) {}

Client::~Client() { session_->abandon(); }

void Client::subscribe(std::string filter, int qos, OnMessage handler) {
  session_->subscribe(std::move(filter), qos, std::move(handler));
}

void Client::unsubscribe(const std::string& filter) { session_->unsubscribe(filter); }

namespace {

// Waits for `add` to call back; `add` answers false when it will not. Holds nothing of the session
// while it waits, so that a client may go first.
template <class Add>
Task<Result<Client::Reach>> outcome(Executor executor, Message message, Add add) {
  using Outcome = Result<Client::Reach>;
  auto start = [executor, add](auto handler, Message out) {
    auto shared = std::make_shared<decltype(handler)>(std::move(handler));
    Outbox::Done done = [executor, shared](Outcome what) {
      asio::post(executor, [shared, what = std::move(what)]() mutable {
        auto resume = std::move(*shared);
        resume(std::move(what));
      });
    };
    const Error error = add(std::move(out), done);
    if (!error.message.empty()) done(error);
  };
  Outcome result = co_await asio::async_initiate<const asio::use_awaitable_t<>, void(Outcome)>(
      start, asio::use_awaitable, std::move(message));
  co_return result;
}

}  // namespace

Task<Result<Client::Reach>> Client::publish(Message message) {
  std::weak_ptr<Session> weak = session_;
  auto add = [weak](Message out, Outbox::Done done) -> Error {
    const auto session = weak.lock();
    if (!session || session->stopped())
      return fail(Code::unavailable, "the MQTT client has stopped");
    if (!valid_topic(out.topic)) return fail(Code::invalid, "not a topic one can publish to");
    if (session->add(std::move(out), std::move(done))) return {};
    return fail(Code::unavailable, "too many messages are waiting for the broker");
  };
  return outcome(session_->executor(), std::move(message), std::move(add));
}

bool Client::post(Message message) {
  if (session_->stopped() || !valid_topic(message.topic)) return false;
  return session_->add(std::move(message), nullptr);
}

void Client::on_connected(std::function<void(bool)> listener) {
  session_->on_connected(std::move(listener));
}

void Client::on_lost(std::function<void(std::string_view)> listener) {
  session_->on_lost(std::move(listener));
}

const Executor& Client::executor() const { return session_->executor(); }
bool Client::connected() const { return session_->connected(); }
Task<bool> Client::ready(std::chrono::milliseconds limit) {
  return Session::wait_settled(session_, limit);
}
Task<void> Client::run() { return Session::run(session_); }
void Client::stop() { session_->stop(); }
void Client::drop() { session_->drop(); }
Task<void> Client::flush(std::chrono::milliseconds limit) {
  return Session::flush(session_, limit);
}

}  // namespace croft::mqtt

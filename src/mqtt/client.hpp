// An MQTT 5 client whose acknowledgement can wait for a commit.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "base/task.hpp"

namespace croft::mqtt {

struct Will {
  std::string topic;
  std::string payload;
  int qos = 1;
  bool retain = true;
};

struct Options {
  std::string host = "127.0.0.1";
  std::uint16_t port = 1883;
  // With TLS, and the broker's certificate checked against the authorities in this file (PEM), or
  // those of the system when it is empty. The file is read at each connect.
  bool tls = false;
  std::string ca_file{};
  std::string client_id;
  std::string username;
  std::string password;
  std::optional<Will> will;
  std::chrono::seconds keep_alive{30};
  // How long the broker keeps our session and queue after a lost connection; 0 ends it at once.
  std::chrono::seconds session_expiry{0};
  bool clean_start = false;  // at the first connect of this client; later ones resume the session
  // How many QoS 1 messages the broker may send us before we acknowledge: our back-pressure. At
  // twice as many (a broker's mistake) nothing is read until some are acknowledged, so an
  // acknowledgement must not wait for a publish() of the same client.
  std::uint16_t receive_maximum = 1000;
  std::uint32_t maximum_packet_bytes = 256 * 1024;
  // Publishes waiting for the connection or for the broker's window, and what they and those in
  // flight may hold; publish() beyond it answers unavailable.
  std::size_t outgoing_messages = 10'000;
  std::size_t outgoing_bytes = 64 * 1024 * 1024;
  std::chrono::milliseconds backoff_least{200};
  std::chrono::milliseconds backoff_most{30'000};
};

struct Message {
  std::string topic;
  std::string payload;
  int qos = 1;
  bool retain = false;
  std::optional<std::chrono::seconds> expiry{};  // the broker drops it unsent after that
};

// One received message. Movable; whoever holds it decides when it is acknowledged. When several
// handlers match, the packet is acknowledged once all of their deliveries are. A delivery that is
// destroyed unacknowledged leaves the message to be delivered again after a reconnect.
class Delivery {
 public:
  std::string_view topic() const;
  std::string_view payload() const;
  int qos() const;
  bool retained() const;   // a stored message sent because of our subscription
  bool duplicate() const;  // the broker sends it again
  // Idempotent. Without effect when the connection it came on is gone (the broker will redeliver).
  void acknowledge();

  struct State;
  explicit Delivery(std::shared_ptr<State>);
  Delivery(Delivery&&) noexcept = default;
  Delivery& operator=(Delivery&&) noexcept = default;
  ~Delivery() = default;

 private:
  std::shared_ptr<State> state_;
  bool acknowledged_ = false;
};

// Whether a topic filter ("croft/v1/+/telemetry", "#") matches a topic; "$..." only matches
// explicitly.
bool matches(std::string_view filter, std::string_view topic);
bool valid_filter(std::string_view filter);
bool valid_topic(std::string_view topic);

// The loop owns it; every member is called on the loop. run() keeps it connected.
class Client {
 public:
  using OnMessage = std::function<void(Delivery)>;

  Client(const Executor&, Options);
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;
  // Without stop() before it, ends the connection as drop() does. No callback comes after it.
  ~Client();

  // May be called before or during run(); sent at the first connect, and again whenever the broker
  // kept no session. QoS is at most 1. With a kept session, subscribe before run(): a message that
  // no subscription matches is acknowledged and forgotten. An invalid filter throws
  // invalid_argument.
  void subscribe(std::string filter, int qos, OnMessage);
  void unsubscribe(const std::string& filter);

  // Whether somebody was there to receive it.
  enum class Reach { subscribers, nobody };
  // Completes when the broker acknowledged (QoS 1) or the packet was handed to the socket (QoS 0,
  // always `subscribers`). Survives reconnects, so it waits as long as the broker is away unless
  // `expiry` is set. Errors: unavailable (queue full, expired or stopped), forbidden (the broker
  // refuses the topic), too_large, invalid.
  Task<Result<Reach>> publish(Message);
  // The same for callers who do not wait: queued when there is room; false when not.
  bool post(Message);

  // Called on the loop after each successful CONNACK (argument: the broker kept our session) and
  // after each loss of the connection (argument: why). Each call adds a listener.
  void on_connected(std::function<void(bool session_present)>);
  void on_lost(std::function<void(std::string_view reason)>);

  const Executor& executor() const;
  bool connected() const;
  // Waits until it is connected and the broker has confirmed every subscription; false after
  // `limit`.
  Task<bool> ready(std::chrono::milliseconds limit);
  // Connects, and reconnects with jittered back-off, until stop(). Never throws for the network;
  // what a handler throws ends it, and run() again gets the message again.
  Task<void> run();
  // Says DISCONNECT (so that no will is sent), closes, lets run() return. Publishes still waiting
  // answer unavailable.
  void stop();
  // Drops the TCP connection without a word, as a lost network would; for tests and virtual nodes.
  void drop();

  // Waits until everything acknowledge()d and posted so far was written to the socket, or `limit`.
  Task<void> flush(std::chrono::milliseconds limit);

 private:
  class Session;
  std::shared_ptr<Session> session_;
};

}  // namespace croft::mqtt

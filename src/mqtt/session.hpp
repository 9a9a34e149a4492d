// One client's life on the wire: connecting, reading, writing, keeping alive, coming back.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/task.hpp"
#include "mqtt/client.hpp"
#include "mqtt/outbox.hpp"
#include "mqtt/packets.hpp"
#include "mqtt/stream.hpp"

namespace croft::mqtt {

// Takes the acknowledgement of a delivery; behind a weak pointer, so that a delivery may outlive
// its client.
class Acknowledger {
 public:
  virtual ~Acknowledger() = default;
  virtual void acknowledge(std::uint32_t epoch, std::uint16_t packet_id, int qos) = 0;
};

// Kept alive by its Client and by run(). An idle one holds no buffer: what a loop's clients read
// goes through one shared 64 KiB buffer a thread, and only the beginning of an unfinished packet is
// kept; what they write is freed when it has been sent.
class Client::Session final : public Acknowledger, public std::enable_shared_from_this<Session> {
 public:
  Session(const Executor& executor, Options options);

  void subscribe(std::string filter, int qos, OnMessage handler);
  void unsubscribe(const std::string& filter);
  bool add(Message message, Outbox::Done done);
  void on_connected(std::function<void(bool)> listener) {
    connected_.push_back(std::move(listener));
  }
  void on_lost(std::function<void(std::string_view)> listener) {
    lost_.push_back(std::move(listener));
  }

  const Executor& executor() const { return executor_; }
  bool connected() const { return phase_ == Phase::connected; }
  bool settled() const;
  bool stopped() const { return stopping_; }
  static Task<void> run(std::shared_ptr<Session> self);
  static Task<bool> wait_settled(std::shared_ptr<Session> self, std::chrono::milliseconds limit);
  static Task<void> flush(std::shared_ptr<Session> self, std::chrono::milliseconds limit);
  void stop();
  void drop() { close("dropped on request"); }
  // The Client is gone: no callback is called again; ends without a word unless stop() was called.
  void abandon();

  void acknowledge(std::uint32_t epoch, std::uint16_t packet_id, int qos) override;

 private:
  enum class Phase { idle, connecting, handshaking, connected, leaving };
  struct Subscription {
    std::string filter;
    int qos = 1;
    OnMessage handler;
    std::uint16_t packet_id = 0;  // of a SUBSCRIBE not answered yet
    bool confirmed = false;
  };
  using SteadyTime = std::chrono::steady_clock::time_point;

  // session.cpp: the connection
  Task<void> connect();
  Task<std::vector<asio::ip::tcp::endpoint>> resolve();
  Task<void> attach(asio::ip::tcp::endpoint endpoint);
  Task<bool> secure();
  Task<void> receive();
  Task<void> pause();
  void close(std::string_view reason);
  void broken(const boost::system::error_code& error);
  void forget_connection();
  void after_loss();
  void arm_deadline(std::chrono::milliseconds limit, std::string_view reason);
  void watch_silence();
  void check_silence();
  void release_buffers();
  void look_again();
  // Mosquitto before 2.0.13 forgets our receive maximum once we acknowledge (its issue 2301), so we
  // stop reading when it has sent twice as much; then TCP holds it back.
  bool full() const {
    return phase_ == Phase::connected && unacknowledged_ >= 2u * options_.receive_maximum;
  }

  // wire.cpp: bytes and packets
  void read_available();
  void read_into_shared();
  void read_into_unfinished();
  std::size_t parse(std::string_view bytes);
  void handle(const Connack& connack);
  void handle(const Publish& publish);
  void handle(const Acknowledgement& ack);
  void handle(const Suback& suback);
  void handle(const Pingresp&) {}
  void handle(const Disconnect& disconnect);
  void deliver(const Publish& publish);
  void refused(const Connack& connack);
  void send_subscribe(Subscription& subscription);
  void schedule_write();
  void write_now();
  void wait_writable();
  void all_written();

  Executor executor_;
  Options options_;
  Stream stream_;
  asio::steady_timer timer_;  // the deadline of connecting, the pause, or the watch for silence
  std::unique_ptr<asio::ip::tcp::resolver> resolver_;
  std::unique_ptr<Event> room_;  // raised when full() ends
  Backoff backoff_;

  Phase phase_ = Phase::idle;
  bool stopping_ = false;
  bool running_ = false;
  bool abandoned_ = false;
  bool been_connected_ = false;
  bool announced_ = false;     // the listeners know of this connection
  bool ping_awaited_ = false;  // nothing came since the last PINGREQ
  bool refused_ = false;       // for a reason that haste will not mend
  std::uint32_t epoch_ = 0;
  std::uint32_t timer_round_ = 0;
  std::uint32_t unacknowledged_ = 0;  // received on this connection
  std::string reason_;                // why the connection ended
  std::string client_id_;

  std::string unfinished_;  // the beginning of a packet whose rest has not come
  std::string out_;
  std::size_t out_at_ = 0;
  bool write_scheduled_ = false;
  bool write_blocked_ = false;
  std::chrono::seconds keep_alive_{0};
  SteadyTime connected_at_;
  SteadyTime last_received_;
  SteadyTime last_sent_;

  Outbox outbox_;
  std::uint64_t written_number_ = 0;  // of the last message whose bytes the socket took
  std::uint64_t written_rounds_ = 0;  // how often everything had been written
  std::vector<std::shared_ptr<Subscription>> subscriptions_;
  std::vector<std::function<void(bool)>> connected_;
  std::vector<std::function<void(std::string_view)>> lost_;
  std::vector<std::weak_ptr<Event>> waiting_;  // flush() and wait_settled() look again
};

}  // namespace croft::mqtt

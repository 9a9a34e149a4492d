// One connection to Redis after another, and the commands under way on it; nobody outside includes
// it.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/log.hpp"
#include "redis/client.hpp"
#include "redis/reader.hpp"

namespace croft::redis {

// Whoever waits for a reply; called once, with a reply as Redis sent it.
class Waiter {
 public:
  virtual ~Waiter() = default;
  virtual void answer(Result<Reply>) = 0;
};

class Client::Line : public std::enable_shared_from_this<Line> {
 public:
  Line(const Executor&, Options, Metrics&);

  // Queues a command; a waiter whose command cannot be queued is answered at once.
  void ask(const Command&, std::unique_ptr<Waiter>);
  // An error reply made an Error, with a log line.
  Result<Reply> judge(Result<Reply>, std::string_view command);

  void on_connected(std::function<void()> listener) { connected_.push_back(std::move(listener)); }
  const Executor& executor() const { return executor_; }
  bool connected() const { return phase_ == Phase::connected; }
  std::string missing() const;

  static Task<void> run(std::shared_ptr<Line> self);
  void stop();

 private:
  enum class Phase { idle, connecting, greeting, connected };
  using Clock = std::chrono::steady_clock;

  struct Pending {
    std::unique_ptr<Waiter> waiter;
    Clock::time_point deadline;
  };

  Task<void> connect();
  Task<std::vector<asio::ip::tcp::endpoint>> resolve();
  Task<void> attach(asio::ip::tcp::endpoint);
  Task<void> receive();
  Task<void> pause();
  void greet();
  void greeted();
  void refuse(std::string reason);
  void take_replies();
  void drop(std::string reason);
  void tell_loss();

  void send(const Command&, std::unique_ptr<Waiter>);
  void schedule_write();
  void write();
  void watch(Clock::time_point until);
  void look_at_the_time();

  const Executor executor_;
  const Options options_;
  asio::ip::tcp::socket socket_;
  asio::steady_timer timer_;
  Event stopped_;
  Backoff backoff_;
  log::Throttle losses_{10.0};
  log::Throttle refusals_{10.0};
  Counter commands_;
  Counter failures_;
  Gauge up_;
  std::vector<std::function<void()>> connected_;

  Phase phase_ = Phase::idle;
  bool stopping_ = false;
  bool refused_ = false;   // trying again soon is pointless: somebody has to change something
  bool been_lost_ = true;  // since the last word about it in the log
  std::string reason_ = "not connected yet";
  std::unique_ptr<Reader> reader_;
  std::array<char, 16 * 1024> bytes_{};
  std::deque<Pending> pending_;
  std::string out_;  // not handed to the socket yet
  std::size_t sending_bytes_ = 0;
  bool write_scheduled_ = false;
  std::uint64_t epoch_ = 0;  // of the connection
  std::uint64_t watch_round_ = 0;
  int graces_ = 0;
  Clock::time_point last_heard_{};
};

}  // namespace croft::redis

// For tests: a real Redis of their own on a free port, and somebody at a port who is no Redis.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/write.hpp>
#include <memory>
#include <string>
#include <vector>

#include "base/log.hpp"
#include "mqtt/test_broker.hpp"
#include "redis/client.hpp"

namespace croft::redis {

// `more` is appended to its command line. It keeps nothing on disk unless told to.
class TestRedis {
 public:
  explicit TestRedis(std::vector<std::string> more = {"--save", "", "--appendonly", "no"})
      : port_(mqtt::free_port()), more_(std::move(more)) {
    start();
  }
  void start() {
    std::vector<std::string> command{
        "redis-server", "--port", std::to_string(port_),      "--bind",
        "127.0.0.1",    "--dir",  directory_.path().string(), "--enable-debug-command",
        "local"};
    command.insert(command.end(), more_.begin(), more_.end());
    program_ = std::make_unique<mqtt::TestProgram>(command, directory_.path() / "log");
    for (int tries = 0; tries < 2000 && !mqtt::listening(port_); ++tries)
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    if (!mqtt::listening(port_)) throw std::runtime_error("redis-server does not start");
  }
  void end(int signal = SIGKILL) {
    program_->end(signal);
    program_.reset();
  }
  // Stalls: its connections stay open, and nobody answers.
  void pause() { ::kill(program_->pid(), SIGSTOP); }
  void resume() { ::kill(program_->pid(), SIGCONT); }

  std::uint16_t port() const { return port_; }
  const std::filesystem::path& directory() const { return directory_.path(); }
  Options options() const {
    Options options;
    options.port = port_;
    options.backoff_least = std::chrono::milliseconds(5);
    options.backoff_most = std::chrono::milliseconds(50);
    return options;
  }
  // What redis-cli says to these words, without the last line's end.
  std::string cli(std::vector<std::string> words) const {
    const mqtt::TestDirectory output;
    words.insert(words.begin(), {"redis-cli", "-p", std::to_string(port_)});
    mqtt::TestProgram(std::move(words), output.path() / "out").wait();
    std::ifstream in(output.path() / "out");
    std::string said(std::istreambuf_iterator<char>(in), {});
    while (said.ends_with('\n')) said.pop_back();
    return said;
  }

 private:
  mqtt::TestDirectory directory_;
  std::uint16_t port_;
  std::vector<std::string> more_;
  std::unique_ptr<mqtt::TestProgram> program_;
};

// Answers whatever it reads with the next of `says`, and the last for ever; "" is silence.
class TestStranger {
 public:
  TestStranger(asio::io_context& loop, std::vector<std::string> says)
      : acceptor_(loop, {asio::ip::address_v4::loopback(), 0}), says_(std::move(says)) {
    asio::co_spawn(loop, accept(), [](std::exception_ptr) {});
  }
  std::uint16_t port() const { return acceptor_.local_endpoint().port(); }
  int connections() const { return connections_; }

 private:
  Task<void> accept() {
    for (;;) {
      auto socket = co_await acceptor_.async_accept(asio::use_awaitable);
      ++connections_;
      asio::co_spawn(acceptor_.get_executor(), talk(std::move(socket)), [](std::exception_ptr) {});
    }
  }
  Task<void> talk(asio::ip::tcp::socket socket) {
    char bytes[4096];
    for (std::size_t turn = 0;; ++turn) {
      co_await socket.async_read_some(asio::buffer(bytes), asio::use_awaitable);
      const auto& say = says_[std::min(turn, says_.size() - 1)];
      co_await asio::async_write(socket, asio::buffer(say), asio::use_awaitable);
    }
  }

  asio::ip::tcp::acceptor acceptor_;
  std::vector<std::string> says_;
  int connections_ = 0;
};

// A client that runs, and is connected when `story` begins.
inline void with_client(Options options, std::function<Task<void>(Client&)> story) {
  asio::io_context loop;
  Metrics metrics;
  Client client(loop.get_executor(), std::move(options), metrics);
  spawn(loop.get_executor(), "redis", client.run());
  auto whole = [&]() -> Task<void> {
    const bool connected = co_await mqtt::eventually([&] { return client.connected(); });
    EXPECT_TRUE(connected) << client.missing();
    if (connected) co_await story(client);
    client.stop();
  };
  mqtt::play(loop, whole());
}

}  // namespace croft::redis

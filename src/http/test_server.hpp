// For tests: a real server on a free port with its loop on a thread, and a client of raw bytes.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_future.hpp>
#include <cerrno>
#include <functional>
#include <future>
#include <memory>
#include <string>
#include <thread>

#include "http/server.hpp"

namespace croft::http::test {

struct OpenGuard final : Guard {
  Task<Result<>> admit(Request&) override { co_return Result<>(); }
};

class TestServer {
 public:
  explicit TestServer(const std::function<void(Router&)>& routes, const Limits& limits = {})
      : router_(metrics_), server_(loop_.get_executor(), router_, metrics_, limits) {
    router_.set_guard(std::make_shared<OpenGuard>());
    routes(router_);
    port = server_.listen("127.0.0.1:0");
    thread_ = std::thread([this] { loop_.run(); });
  }
  ~TestServer() {
    drain(std::chrono::milliseconds(0));
    loop_.stop();
    thread_.join();
  }

  void drain(std::chrono::milliseconds grace) {
    asio::co_spawn(loop_, server_.drain(grace), asio::use_future).get();
  }
  // Runs on the loop and waits for it.
  void on_loop(const std::function<void()>& what) {
    std::promise<void> done;
    asio::post(loop_, [&] {
      what();
      done.set_value();
    });
    done.get_future().get();
  }
  Server& server() { return server_; }
  std::string metrics() const { return metrics_.text(); }

  std::uint16_t port = 0;

 private:
  asio::io_context loop_{1};
  asio::executor_work_guard<asio::io_context::executor_type> open_{loop_.get_executor()};
  Metrics metrics_;
  Router router_;
  Server server_;
  std::thread thread_;
};

// Blocking, with every wait bounded by 5 s.
class RawClient {
 public:
  explicit RawClient(std::uint16_t port, int receive_buffer = 0) {
    fd_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const timeval limit{5, 0};
    ::setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    ::setsockopt(fd_, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
    if (receive_buffer > 0)
      ::setsockopt(fd_, SOL_SOCKET, SO_RCVBUF, &receive_buffer, sizeof receive_buffer);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    const auto* const generic = reinterpret_cast<const sockaddr*>(&address);
    EXPECT_EQ(::connect(fd_, generic, sizeof address), 0);
  }
  RawClient(const RawClient&) = delete;
  RawClient& operator=(const RawClient&) = delete;
  ~RawClient() { vanish(); }

  bool send(std::string_view bytes) {
    while (!bytes.empty()) {
      const auto sent = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent <= 0) return false;
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
    return true;
  }
  void finish_sending() { ::shutdown(fd_, SHUT_WR); }
  void vanish() {
    if (fd_ >= 0) ::close(fd_);
    fd_ = -1;
  }

  // Appends what comes next to `pending`; false at the end, after an error or after 5 s.
  bool receive() {
    char bytes[16384];
    const auto size = ::recv(fd_, bytes, sizeof bytes, 0);
    ended = size == 0;
    reset = size < 0 && errno == ECONNRESET;
    if (size > 0) pending.append(bytes, static_cast<std::size_t>(size));
    return size > 0;
  }
  // Everything up to the end of the connection.
  std::string rest() {
    while (receive()) {
    }
    return std::exchange(pending, {});
  }
  // The first `size` bytes, fewer when the connection ends.
  std::string take(std::size_t size) {
    while (pending.size() < size && receive()) {
    }
    auto taken = pending.substr(0, size);
    pending.erase(0, taken.size());
    return taken;
  }
  // One head with its blank line, then as many bytes as its Content-Length says.
  std::string answer() {
    while (pending.find("\r\n\r\n") == std::string::npos)
      if (!receive()) return std::exchange(pending, {});
    const auto head = pending.find("\r\n\r\n") + 4;
    const auto field = pending.find("Content-Length: ");
    const bool has_length = field != std::string::npos && field < head;
    return take(head + (has_length ? std::stoul(pending.substr(field + 16)) : 0));
  }
  std::string ask(std::string_view request) {
    send(request);
    return answer();
  }

  std::string pending;
  bool ended = false;  // by an orderly end
  bool reset = false;

 private:
  int fd_ = -1;
};

inline int status_of_answer(const std::string& answer) {
  return answer.size() < 12 ? 0 : std::stoi(answer.substr(9, 3));
}
inline std::string body_of(const std::string& answer) {
  const auto head = answer.find("\r\n\r\n");
  return head == std::string::npos ? std::string() : answer.substr(head + 4);
}

}  // namespace croft::http::test

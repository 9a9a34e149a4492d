// Listens and serves: TCP for everybody, a Unix socket for local administration.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "base/metrics.hpp"
#include "http/router.hpp"

namespace croft::http {

struct Limits {
  std::size_t header_bytes = 16 * 1024;     // more: 431
  std::size_t body_bytes = 1024 * 1024;     // more: 413
  std::size_t connections = 2048;           // more: accepted later, oldest idle closed first
  std::chrono::seconds header_timeout{10};  // from the first byte of a request to its last header
  std::chrono::seconds body_timeout{30};
  std::chrono::seconds write_timeout{30};  // without any progress
  std::chrono::seconds idle_timeout{75};   // between requests of one connection
};

class Server {
 public:
  Server(const Executor&, Router&, Metrics&, Limits = {});
  ~Server();

  // Binds "127.0.0.1:8080", "[::]:8080" or "0.0.0.0:0" (0: a free port) and starts to accept.
  // Returns the bound port. Throws std::runtime_error with one clear line ("port 8080 is taken;
  // ...").
  std::uint16_t listen(const std::string& address);
  // Same for a Unix socket (mode 0600, a stale file is replaced); requests there carry remote
  // "local".
  void listen_local(const std::filesystem::path&);
  // Addresses of proxies whose X-Forwarded-For and X-Forwarded-Proto are believed; none at first.
  void trust_proxies(std::vector<std::string> addresses);

  // Stops accepting, lets requests under way finish for up to `grace`, then closes everything.
  Task<void> drain(std::chrono::milliseconds grace);

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace croft::http

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

// What one client may ask of the server. Times are noticed up to a tick late: a quarter of the
// shortest one, at most a second.
struct Limits {
  std::size_t header_bytes = 16 * 1024;         // more: 431
  std::size_t target_bytes = 8 * 1024;          // path and query; more: 414
  std::size_t body_bytes = 1024 * 1024;         // more: 413
  std::size_t bodies_bytes = 64 * 1024 * 1024;  // of all requests under way; more: 503
  std::size_t connections = 2048;               // more: accepted later, oldest idle closed first
  std::chrono::milliseconds header_timeout{
      10'000};                                     // from a request's first byte to its last header
  std::chrono::milliseconds body_timeout{30'000};  // from there to the end of its body
  std::chrono::milliseconds write_timeout{30'000};  // without any progress
  std::chrono::milliseconds idle_timeout{75'000};   // before the first byte of a request
};

// Everything on the loop of its executor.
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
  // Addresses or networks ("10.0.0.0/8") of proxies whose X-Forwarded-For and X-Forwarded-Proto are
  // believed; none at first. Throws std::runtime_error for text that is neither.
  void trust_proxies(std::vector<std::string> addresses);

  // Stops accepting, closes idle connections, tells WebSockets 1001, lets requests under way finish
  // for up to `grace`, then closes everything and cancels handlers (their next co_await throws).
  // Await it before the router goes: a handler on the pool may outlive a mere destructor.
  Task<void> drain(std::chrono::milliseconds grace);

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace croft::http

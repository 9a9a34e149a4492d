// A Redis client on the loop that pipelines by itself.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/metrics.hpp"
#include "base/result.hpp"
#include "base/task.hpp"
#include "redis/reply.hpp"

namespace croft::redis {

struct Options {
  std::string host = "127.0.0.1";
  std::uint16_t port = 6379;
  std::string username;  // empty: Redis' default user
  std::string password;  // empty: none is sent
  int database = 0;
  std::string name = "croft";  // what CLIENT LIST shows
  // A command that is not answered for so long is an error, and the connection is dropped, so that
  // a late answer cannot be taken for another's. A connection attempt has as long.
  std::chrono::milliseconds limit{1000};
  // A quiet connection is asked so often whether it still lives.
  std::chrono::milliseconds ping_every{5000};
  // Commands under way, and their bytes not yet sent; ask() beyond it answers unavailable.
  std::size_t most_commands = 10'000;
  std::size_t most_bytes = 8 * 1024 * 1024;
  std::chrono::milliseconds backoff_least{50};
  std::chrono::milliseconds backoff_most{2000};
};

// "redis://[user[:password]@]host[:port][/database]", user and password percent-encoded.
Result<Options> parse_url(std::string_view);
// The URL with "********" in the place of its password.
std::string mask_url(std::string_view);

using Command = std::vector<std::string>;

// The loop owns it; every member is called on the loop. run() keeps it connected.
class Client {
 public:
  Client(const Executor&, Options, Metrics&);
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;
  ~Client();

  // Sends one command, together with whatever else this turn of the loop asks. The reply is never
  // of Kind::error. Errors: unavailable, at once when there is no connection, and within
  // Options::limit otherwise; whether Redis has done it is then not known. What Redis itself
  // refuses is unavailable too, and a log line.
  Task<Result<Reply>> ask(Command);
  // EVAL: the script with its keys and arguments, as one step that nothing comes between.
  Task<Result<Reply>> run_script(std::string_view script, std::vector<std::string> keys,
                                 std::vector<std::string> arguments);

  // Called on the loop after each connect, before anybody else's commands. Each call adds one.
  void on_connected(std::function<void()>);
  const Executor& executor() const;
  bool connected() const;
  // "" when connected, else why not.
  std::string missing() const;

  // Connects, and again with jittered back-off, until stop(). Never throws for the network.
  Task<void> run();
  // Closes, lets run() return. Commands under way answer unavailable.
  void stop();

 private:
  class Line;
  std::shared_ptr<Line> line_;
};

}  // namespace croft::redis

// The bytes of a connection, in the clear or through TLS, without waiting.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/asio/ip/tcp.hpp>
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include "base/task.hpp"
#include "tls/engine.hpp"

namespace croft::mqtt {

// A socket that does not block. Without secure() it is nothing more; with it, what is read and
// written goes through a TLS engine. Errors are values: `error` is would_block when one must wait
// until the socket can be read or written, else words() say what was wrong.
class Stream {
 public:
  using Failure = boost::system::error_code;

  explicit Stream(const Executor& executor) : socket_(executor) {}

  asio::ip::tcp::socket& socket() { return socket_; }
  // A new connection, in the clear.
  void renew(asio::ip::tcp::socket socket);
  // From now on through this engine.
  void secure(std::unique_ptr<tls::Engine> engine) { engine_ = std::move(engine); }

  // Goes on with the handshake; true when it is done.
  bool shake_hands(Failure& error);
  std::size_t read_some(char* into, std::size_t room, Failure& error);
  // How much of it was taken. What was taken may still wait here: flush() until it is true.
  std::size_t write_some(std::string_view bytes, Failure& error);
  bool flush(Failure& error);
  // Whether bytes are here already that no wait for the socket would tell of.
  bool more_to_read() const { return more_; }
  // Says that nothing more comes.
  void finish();
  void close();
  // "" when the socket's own error says all.
  const std::string& words() const { return words_; }

 private:
  template <class Work>
  auto guarded(Failure& error, Work work) -> decltype(work());
  bool take(Failure& error);

  asio::ip::tcp::socket socket_;
  std::unique_ptr<tls::Engine> engine_;
  std::string wire_;  // encrypted, not yet written
  bool more_ = false;
  std::string words_;
};

}  // namespace croft::mqtt

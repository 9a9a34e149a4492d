// TLS without a socket: the bytes of the wire go in and come out, and so do the plain ones.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>

namespace croft::tls {

// The handshake or the connection failed; what() says why, and what to do.
struct Failed : std::runtime_error {
  using std::runtime_error::runtime_error;
};

// One connection. Not thread-safe.
class Engine {
 public:
  virtual ~Engine() = default;
  // What came from the other side.
  virtual void take(std::string_view wire) = 0;
  // Appends what must go there; to be asked after every other call.
  virtual void give(std::string& wire) = 0;
  // Goes on with the handshake as far as what was taken allows; true when it is done. Throws Failed
  // (then there may still be an alert to give).
  virtual bool shake_hands() = 0;
  // Plain bytes of the other side; 0 when more of the wire is needed, or at the end. Throws Failed.
  virtual std::size_t read(char* into, std::size_t room) = 0;
  virtual void write(std::string_view plain) = 0;
  // The other side has said that nothing more comes.
  virtual bool ended() const = 0;
  // Says the same.
  virtual void close() = 0;
};

// What the connections of one kind have in common.
class Context {
 public:
  virtual ~Context() = default;
  // `host`, for a client: the name or address that the certificate must be for.
  virtual std::unique_ptr<Engine> connection(const std::string& host) const = 0;
};

}  // namespace croft::tls

// Moves bytes between the socket and the TLS engine.
// SPDX-License-Identifier: Apache-2.0
#include "mqtt/stream.hpp"

#include <algorithm>
#include <array>
#include <boost/asio/buffer.hpp>
#include <exception>
#include <utility>

namespace croft::mqtt {
namespace {

using asio::ip::tcp;

constexpr std::size_t kRecord = 16 * 1024;  // what TLS encrypts at once

}  // namespace

// The engine's complaints become an error with words.
template <class Work>
auto Stream::guarded(Failure& error, Work work) -> decltype(work()) {
  try {
    return work();
  } catch (const std::exception& failure) {
    words_ = failure.what();
    error = asio::error::connection_aborted;
    return {};
  }
}

void Stream::renew(tcp::socket socket) {
  socket_ = std::move(socket);
  engine_.reset();
  wire_.clear();
  words_.clear();
  more_ = false;
}

// Reads from the wire what is there; false when nothing is, or the end.
bool Stream::take(Failure& error) {
  std::array<char, kRecord> buffer;
  const auto size = socket_.read_some(asio::buffer(buffer), error);
  if (error) return false;
  engine_->take({buffer.data(), size});
  return true;
}

bool Stream::shake_hands(Failure& error) {
  const bool done = guarded(error, [&] {
    while (!engine_->shake_hands()) {
      engine_->give(wire_);
      flush(error);
      if (error && error != asio::error::would_block) return false;
      error = {};
      if (!take(error)) return false;
    }
    return true;
  });
  Failure alert;  // even a refusal has something to say
  engine_->give(wire_);
  flush(error ? alert : error);
  return done;
}

std::size_t Stream::read_some(char* into, std::size_t room, Failure& error) {
  if (!engine_) return socket_.read_some(asio::buffer(into, room), error);
  return guarded(error, [&]() -> std::size_t {
    std::size_t size = engine_->read(into, room);
    while (size == 0) {
      if (engine_->ended()) {
        error = asio::error::eof;
        return 0;
      }
      if (!take(error)) return 0;
      size = engine_->read(into, room);
    }
    more_ = size == room;
    engine_->give(wire_);
    Failure later;  // writing will meet it again
    flush(later);
    return size;
  });
}

std::size_t Stream::write_some(std::string_view bytes, Failure& error) {
  if (!engine_) return socket_.write_some(asio::buffer(bytes), error);
  if (!flush(error)) return 0;
  return guarded(error, [&] {
    const auto part = bytes.substr(0, kRecord);
    engine_->write(part);
    engine_->give(wire_);
    Failure later;
    flush(later);
    return part.size();
  });
}

bool Stream::flush(Failure& error) {
  std::size_t written = 0;
  while (written < wire_.size() && !error)
    written +=
        socket_.write_some(asio::buffer(wire_.data() + written, wire_.size() - written), error);
  wire_.erase(0, written);
  if (wire_.empty()) std::string().swap(wire_);
  return wire_.empty();
}

void Stream::finish() {
  Failure ignored;
  if (engine_) {
    engine_->close();
    engine_->give(wire_);
    flush(ignored);
  }
  socket_.shutdown(tcp::socket::shutdown_send, ignored);
}

void Stream::close() {
  Failure ignored;
  socket_.close(ignored);
  more_ = false;
}

}  // namespace croft::mqtt

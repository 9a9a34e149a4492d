// Reading into one buffer, and no more HTTP than the answers of Croft need.
// SPDX-License-Identifier: Apache-2.0
#include "load/connection.hpp"

#include <boost/asio/write.hpp>
#include <cstdlib>
#include <stdexcept>

namespace croft::load {

Task<void> Connection::open() {
  buffer_.clear();
  taken_ = 0;
  socket_ = asio::ip::tcp::socket(socket_.get_executor());
  const asio::ip::tcp::endpoint to(asio::ip::make_address(settings_.host), settings_.port);
  co_await socket_.async_connect(to, asio::use_awaitable);
  socket_.set_option(asio::ip::tcp::no_delay(true));
}

Task<void> Connection::send(std::string_view bytes) {
  co_await asio::async_write(socket_, asio::buffer(bytes), asio::use_awaitable);
}

Task<void> Connection::fill() {
  constexpr std::size_t kStep = 16 * 1024;
  buffer_.erase(0, taken_);
  taken_ = 0;
  const auto had = buffer_.size();
  buffer_.resize(had + kStep);
  const auto got = co_await socket_.async_read_some(asio::buffer(buffer_.data() + had, kStep),
                                                    asio::use_awaitable);
  buffer_.resize(had + got);
}

std::string_view Connection::give(std::size_t count) {
  const auto given = std::string_view(buffer_).substr(taken_, count);
  taken_ += count;
  return given;
}

Task<std::string_view> Connection::take(std::size_t count) {
  while (buffer_.size() - taken_ < count) co_await fill();
  co_return give(count);
}

Task<std::string_view> Connection::take_until(std::string_view end) {
  for (;;) {
    const auto found = buffer_.find(end, taken_);
    if (found != std::string::npos) co_return give(found + end.size() - taken_);
    co_await fill();
  }
}

std::string Connection::head_of(std::string_view target, std::string_view more) const {
  std::string head = "GET " + std::string(target) + " HTTP/1.1\r\nHost: " + settings_.host + ":" +
                     std::to_string(settings_.port) + "\r\n" + std::string(more);
  if (!settings_.token.empty()) head += "Authorization: Bearer " + settings_.token + "\r\n";
  return head + "\r\n";
}

Task<int> Connection::request(std::string_view head) {
  co_await send(head);
  const auto answer = co_await take_until("\r\n\r\n");
  if (answer.size() < 13) throw std::runtime_error("no HTTP answer");
  const int status = std::atoi(answer.data() + 9);
  std::size_t length = 0;
  for (const std::string_view name : {"content-length: ", "Content-Length: "}) {
    const auto at = answer.find(name);
    if (at != std::string_view::npos)
      length = std::strtoull(answer.data() + at + name.size(), nullptr, 10);
  }
  co_await take(length);
  co_return status;
}

}  // namespace croft::load

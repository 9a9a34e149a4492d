// A plain HTTP connection that stays open, as a program would use it.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/asio/ip/tcp.hpp>
#include <string>
#include <string_view>

#include "base/task.hpp"
#include "load/load.hpp"

namespace croft::load {

class Connection {
 public:
  Connection(const Executor& executor, const Settings& settings)
      : settings_(settings), socket_(executor) {}

  // Throws boost::system::system_error, as the others do, when the other side is not there.
  Task<void> open();
  Task<void> send(std::string_view bytes);
  // The next `count` bytes, or up to and with `end`; valid until the next call.
  Task<std::string_view> take(std::size_t count);
  Task<std::string_view> take_until(std::string_view end);
  void close() { socket_.close(); }

  // The status of an answer whose body was read and thrown away.
  Task<int> request(std::string_view head);
  std::string head_of(std::string_view target, std::string_view more = "") const;

 private:
  Task<void> fill();
  std::string_view give(std::size_t count);

  const Settings& settings_;
  asio::ip::tcp::socket socket_;
  std::string buffer_;
  std::size_t taken_ = 0;
};

}  // namespace croft::load

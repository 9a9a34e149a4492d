// Opens the sockets that the server listens on; every refusal is one line for the operator.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/asio/basic_socket_acceptor.hpp>
#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/ip/address.hpp>
#include <cstdint>
#include <filesystem>
#include <string>

#include "base/task.hpp"

namespace croft::http {

using Socket = asio::generic::stream_protocol::socket;  // TCP or Unix, one kind of session
using Acceptor = asio::basic_socket_acceptor<asio::generic::stream_protocol>;

struct ListenAddress {
  asio::ip::address host;
  std::uint16_t port = 0;
};

// "127.0.0.1:8080", "[::]:8080", "localhost:8080" or ":8080" (every IPv4 and IPv6 address). Throws
// std::runtime_error with one line.
ListenAddress parse_listen_address(const std::string&);

// Throw std::runtime_error with one line that says what to do.
Acceptor open_tcp(const Executor&, const std::string& address, std::uint16_t& bound_port);
Acceptor open_local(const Executor&, const std::filesystem::path&);

// The peer's address without its port, an IPv4 address in IPv6 clothes as IPv4; "" when unknown.
std::string peer_address(const Socket&);

}  // namespace croft::http

// Binds TCP addresses and the administration socket.
// SPDX-License-Identifier: Apache-2.0
#include "http/listen.hpp"

#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ip/v6_only.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <charconv>
#include <cstring>
#include <stdexcept>

namespace croft::http {
namespace {

using Failure = boost::system::error_code;
namespace errc = boost::system::errc;

constexpr mode_t kOnlyOwner = 0600;

std::string why_not_bound(const ListenAddress& address, const Failure& failure) {
  const auto port = std::to_string(address.port);
  const auto host = address.host.to_string();
  const std::string choose = " with --http-listen / [http] listen";
  if (failure == errc::address_in_use)
    return "HTTP port " + port + " on " + host +
           " is already taken by another program; stop it or choose another" + choose;
  if (failure == errc::permission_denied)
    return "HTTP port " + port + " on " + host +
           " needs privileges that this program does not have; choose a port above 1023" + choose;
  if (failure == errc::address_not_available)
    return host +
           " is not an address of this machine; choose 127.0.0.1, 0.0.0.0 or one of its own" +
           choose;
  return "cannot listen for HTTP on " + host + " port " + port + ": " + failure.message() +
         "; choose another address" + choose;
}

// Anybody who can write into the directory could put a socket of their own in our place.
void check_directory(const std::filesystem::path& socket) {
  auto directory = socket.parent_path();
  if (directory.empty()) directory = ".";
  struct stat info{};
  if (::stat(directory.c_str(), &info) != 0 || !S_ISDIR(info.st_mode))
    throw std::runtime_error("the directory of the administration socket, " + directory.string() +
                             ", does not exist; create it or set state_dir");
  if (info.st_uid != ::geteuid() && info.st_uid != 0)
    throw std::runtime_error("the directory of the administration socket, " + directory.string() +
                             ", belongs to another user; set state_dir to a directory of your own");
  const bool others_write = (info.st_mode & (S_IWGRP | S_IWOTH)) != 0;
  if (others_write && (info.st_mode & S_ISVTX) == 0)
    throw std::runtime_error("other users can write into " + directory.string() +
                             ", where the administration socket belongs; run: chmod go-w " +
                             directory.string());
}

void replace_stale(const Executor& executor, const std::filesystem::path& path) {
  struct stat info{};
  if (::lstat(path.c_str(), &info) != 0) return;
  if (!S_ISSOCK(info.st_mode))
    throw std::runtime_error(
        path.string() + " is in the way of the administration socket and is not a socket; move it");
  asio::local::stream_protocol::socket probe(executor);
  Failure failure;
  probe.connect(asio::local::stream_protocol::endpoint(path.string()), failure);
  if (!failure)
    throw std::runtime_error("another Croft already answers on " + path.string() +
                             "; stop it or give this one its own state_dir");
  if (failure != errc::connection_refused)
    throw std::runtime_error("cannot tell whether another Croft uses " + path.string() + ": " +
                             failure.message());
  ::unlink(path.c_str());
}

}  // namespace

ListenAddress parse_listen_address(const std::string& text) {
  const auto complain = [&]() -> std::runtime_error {
    return std::runtime_error("\"" + text +
                              "\" is not an address to listen on; write one like 127.0.0.1:8080, "
                              "[::1]:8080 or 0.0.0.0:8080 in --http-listen / [http] listen");
  };
  const auto colon = text.rfind(':');
  if (colon == std::string::npos) throw complain();
  auto host = text.substr(0, colon);
  const bool bracketed = host.size() > 2 && host.front() == '[' && host.back() == ']';
  if (bracketed) host = host.substr(1, host.size() - 2);
  if (host.empty()) host = "::";
  if (host == "localhost") host = "127.0.0.1";

  ListenAddress address;
  const auto* const end = text.data() + text.size();
  const auto [parsed, wrong] = std::from_chars(text.data() + colon + 1, end, address.port);
  Failure failure;
  address.host = asio::ip::make_address(host, failure);
  const bool bare_v6 = address.host.is_v6() && !bracketed && colon != 0;
  if (wrong != std::errc() || parsed != end || failure || bare_v6) throw complain();
  return address;
}

Acceptor open_tcp(const Executor& executor, const std::string& text, std::uint16_t& bound_port) {
  const auto address = parse_listen_address(text);
  const asio::ip::tcp::endpoint endpoint(address.host, address.port);
  asio::ip::tcp::acceptor acceptor(executor);
  Failure failure;
  const auto check = [&] {
    if (failure) throw std::runtime_error(why_not_bound(address, failure));
  };
  acceptor.open(endpoint.protocol(), failure);
  check();
  acceptor.set_option(asio::socket_base::reuse_address(true), failure);
  if (address.host.is_v6()) acceptor.set_option(asio::ip::v6_only(false), failure);
  acceptor.bind(endpoint, failure);
  check();
  acceptor.listen(asio::socket_base::max_listen_connections, failure);
  check();
  bound_port = acceptor.local_endpoint().port();
  return Acceptor(std::move(acceptor));
}

Acceptor open_local(const Executor& executor, const std::filesystem::path& path) {
  if (path.native().size() >= sizeof(sockaddr_un::sun_path))
    throw std::runtime_error("the path of the administration socket, " + path.string() +
                             ", is longer than 107 bytes; set state_dir to a shorter path");
  check_directory(path);
  replace_stale(executor, path);

  asio::local::stream_protocol::acceptor acceptor(executor);
  Failure failure;
  acceptor.open({}, failure);
  // Linux gives the file the mode of the socket itself, so there is no moment with a wider one.
  if (!failure) ::fchmod(acceptor.native_handle(), kOnlyOwner);
  if (!failure) acceptor.bind(asio::local::stream_protocol::endpoint(path.string()), failure);
  if (!failure && ::chmod(path.c_str(), kOnlyOwner) != 0)
    failure = Failure(errno, boost::system::system_category());
  if (!failure) acceptor.listen(asio::socket_base::max_listen_connections, failure);
  if (failure)
    throw std::runtime_error("cannot open the administration socket " + path.string() + ": " +
                             failure.message());
  return Acceptor(std::move(acceptor));
}

std::string peer_address(const Socket& socket) {
  Failure failure;
  const auto generic = socket.remote_endpoint(failure);
  asio::ip::tcp::endpoint endpoint;
  const int family = failure ? AF_UNSPEC : generic.data()->sa_family;
  if ((family != AF_INET && family != AF_INET6) || generic.size() > endpoint.capacity()) return {};
  std::memcpy(endpoint.data(), generic.data(), generic.size());
  endpoint.resize(generic.size());
  auto address = endpoint.address();
  if (address.is_v6() && address.to_v6().is_v4_mapped())
    address = asio::ip::make_address_v4(asio::ip::v4_mapped, address.to_v6());
  return address.to_string();
}

}  // namespace croft::http

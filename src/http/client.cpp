// A blocking HTTP/1.1 exchange: connect, send, read the whole answer, close.
// SPDX-License-Identifier: Apache-2.0
#include "http/client.hpp"

#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>
#include <cerrno>
#include <chrono>
#include <cstring>

namespace croft::http {
namespace {

namespace beast = boost::beast;
using Clock = std::chrono::steady_clock;

constexpr std::chrono::seconds kTimeout{30};  // for each wait, so a long answer may take longer
constexpr std::uint64_t kMostAnswer = 256ULL * 1024 * 1024;
constexpr std::uint32_t kMostHeader = 64 * 1024;

class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  Descriptor(Descriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  int get() const { return fd_; }

 private:
  int fd_;
};

Error unavailable(const std::string& where, const std::string& why) {
  return fail(Code::unavailable, "no answer from " + where + ": " + why);
}

// Waits until the socket is ready; false after the timeout.
bool wait_for(int fd, short events) {
  const auto until = Clock::now() + kTimeout;
  for (;;) {
    pollfd waiting{fd, events, 0};
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(until - Clock::now());
    if (left.count() <= 0) return false;
    const int ready = ::poll(&waiting, 1, static_cast<int>(left.count()));
    if (ready > 0) return true;
    if (ready < 0 && errno != EINTR) return false;
  }
}

// Connects a fresh socket; returns 0 or an errno.
int connect_to(int fd, const sockaddr* address, socklen_t size) {
  if (::connect(fd, address, size) == 0) return 0;
  if (errno != EINPROGRESS) return errno;
  if (!wait_for(fd, POLLOUT)) return ETIMEDOUT;
  int failure = 0;
  socklen_t length = sizeof failure;
  ::getsockopt(fd, SOL_SOCKET, SO_ERROR, &failure, &length);
  return failure;
}

constexpr int kSocketFlags = SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK;

Result<Descriptor> connect_local(const std::filesystem::path& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.native().size() >= sizeof address.sun_path)
    return fail(Code::invalid, path.string() + " is too long for a socket's path");
  std::memcpy(address.sun_path, path.c_str(), path.native().size());
  Descriptor socket(::socket(AF_UNIX, kSocketFlags, 0));
  const int failure =
      connect_to(socket.get(), reinterpret_cast<sockaddr*>(&address), sizeof address);
  if (failure != 0) return unavailable(path.string(), std::strerror(failure));
  return socket;
}

Result<Descriptor> connect_tcp(const std::string& host, std::uint16_t port) {
  const auto where = host + ":" + std::to_string(port);
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  const int unresolved = ::getaddrinfo(host.c_str(), std::to_string(port).c_str(), &hints, &found);
  if (unresolved != 0) return unavailable(where, ::gai_strerror(unresolved));
  const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> guard(found, ::freeaddrinfo);
  int failure = ECONNREFUSED;
  for (const auto* one = found; one != nullptr; one = one->ai_next) {
    Descriptor socket(::socket(one->ai_family, kSocketFlags, 0));
    failure = connect_to(socket.get(), one->ai_addr, one->ai_addrlen);
    if (failure == 0) return socket;
  }
  return unavailable(where, std::strerror(failure));
}

bool send_all(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const auto sent = ::send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent > 0) {
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    } else if (errno == EAGAIN) {
      if (!wait_for(fd, POLLOUT)) return false;
    } else if (errno != EINTR) {
      return false;
    }
  }
  return true;
}

using Parser = beast::http::response_parser<beast::http::string_body>;

// Reads until the parser has the whole answer; the reason when it does not come.
std::string receive(int fd, Parser& parser) {
  std::string pending;
  char bytes[16 * 1024];
  while (!parser.is_done()) {
    const auto size = ::recv(fd, bytes, sizeof bytes, 0);
    beast::error_code failure;
    if (size < 0 && errno == EINTR) continue;
    if (size < 0 && errno == EAGAIN) {
      if (!wait_for(fd, POLLIN)) return "timed out after 30 s";
      continue;
    }
    if (size < 0) return std::strerror(errno);
    if (size == 0) {
      if (!parser.got_some()) return "the connection was closed";
      parser.put_eof(failure);
      return failure ? "the answer breaks off" : "";
    }
    pending.append(bytes, static_cast<std::size_t>(size));
    while (!pending.empty() && !failure && !parser.is_done())
      pending.erase(0, parser.put(boost::asio::buffer(pending), failure));
    if (failure && failure != beast::http::error::need_more) return failure.message();
  }
  return "";
}

std::string compose(Method method, std::string_view target, std::string_view body,
                    const Headers& headers, const std::string& host) {
  std::string text(to_string(method));
  text.append(" ").append(target).append(" HTTP/1.1\r\nConnection: close\r\n");
  if (!headers.has("Host")) text.append("Host: ").append(host).append("\r\n");
  for (const auto& [name, value] : headers)
    text.append(name).append(": ").append(value).append("\r\n");
  const bool carries = method == Method::post || method == Method::put || method == Method::patch;
  if (!body.empty() && !headers.has("Content-Type")) text += "Content-Type: application/json\r\n";
  if (!body.empty() || carries)
    text.append("Content-Length: ").append(std::to_string(body.size())).append("\r\n");
  return text.append("\r\n").append(body);
}

}  // namespace

Client Client::local(std::filesystem::path socket) {
  Client client;
  client.socket_ = std::move(socket);
  return client;
}

Client Client::tcp(std::string host, std::uint16_t port) {
  Client client;
  client.host_ = std::move(host);
  client.port_ = port;
  return client;
}

Result<Answer> Client::request(Method method, std::string_view target, std::string_view body,
                               const Headers& headers) const {
  const bool is_local = !socket_.empty();
  const auto where = is_local ? socket_.string() : host_ + ":" + std::to_string(port_);
  const auto bracketed = host_.find(':') == std::string::npos ? host_ : "[" + host_ + "]";
  const auto host = is_local ? "localhost" : bracketed + ":" + std::to_string(port_);
  auto connection = is_local ? connect_local(socket_) : connect_tcp(host_, port_);
  if (!connection) return connection.error();
  // A server may refuse before it has read everything, so its answer is read even then.
  const bool sent = send_all(connection->get(), compose(method, target, body, headers, host));

  Parser parser;
  parser.body_limit(kMostAnswer);
  parser.header_limit(kMostHeader);
  parser.eager(true);
  parser.skip(method == Method::head);
  const auto why = receive(connection->get(), parser);
  if (!why.empty()) return unavailable(where, sent ? why : "the request was not taken: " + why);

  Answer answer;
  auto message = parser.release();
  answer.status = message.result_int();
  for (const auto& field : message)
    answer.headers.add(std::string(field.name_string()), std::string(field.value()));
  answer.body = std::move(message.body());
  return answer;
}

}  // namespace croft::http

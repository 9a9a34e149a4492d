// One datagram to the socket that NOTIFY_SOCKET names.
// SPDX-License-Identifier: Apache-2.0
#include "app/notify_socket.hpp"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <string>

namespace croft::app {
namespace {

std::string where;

}  // namespace

void take_notify_socket() {
  if (const char* name = std::getenv("NOTIFY_SOCKET")) where = name;
  ::unsetenv("NOTIFY_SOCKET");
}

void tell_notify_socket(std::string_view state) {
  sockaddr_un address{};
  if (where.empty() || where.size() >= sizeof(address.sun_path)) return;
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, where.data(), where.size());
  if (where[0] == '@') address.sun_path[0] = '\0';  // a name without a file
  const int fd = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return;
  const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + where.size());
  ::sendto(fd, state.data(), state.size(), MSG_NOSIGNAL, reinterpret_cast<sockaddr*>(&address),
           size);
  ::close(fd);
}

}  // namespace croft::app

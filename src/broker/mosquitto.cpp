// Mosquitto's life as a child: what it is told, when it is ready, what happens when it dies.
// SPDX-License-Identifier: Apache-2.0
#include "broker/mosquitto.hpp"

#include <netdb.h>
#include <pwd.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/streambuf.hpp>
#include <cstring>
#include <fstream>
#include <istream>
#include <stdexcept>
#include <thread>

#include "base/log.hpp"
#include "broker/child.hpp"
#include "broker/configuration.hpp"

namespace croft::broker {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

// A TCP socket of the listening address; closed with its owner.
class Socket {
 public:
  Socket(const std::string& host, std::uint16_t port) {
    addrinfo hints{};
    hints.ai_socktype = SOCK_STREAM;
    hints.ai_flags = AI_PASSIVE | AI_NUMERICSERV;
    const auto service = std::to_string(port);
    if (const int error = ::getaddrinfo(host.c_str(), service.c_str(), &hints, &found_); error != 0)
      throw std::runtime_error("mqtt.listen: " + host + ": " + ::gai_strerror(error));
    fd_ = ::socket(found_->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
  }
  Socket(const Socket&) = delete;
  Socket& operator=(const Socket&) = delete;
  ~Socket() {
    ::close(fd_);
    ::freeaddrinfo(found_);
  }
  bool bind() const {
    const int yes = 1;
    ::setsockopt(fd_, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    return ::bind(fd_, found_->ai_addr, found_->ai_addrlen) == 0;
  }
  bool connect() const { return ::connect(fd_, found_->ai_addr, found_->ai_addrlen) == 0; }
  std::uint16_t port() const {
    sockaddr_storage address{};
    socklen_t size = sizeof address;
    ::getsockname(fd_, reinterpret_cast<sockaddr*>(&address), &size);
    const auto network = address.ss_family == AF_INET6
                             ? reinterpret_cast<sockaddr_in6*>(&address)->sin6_port
                             : reinterpret_cast<sockaddr_in*>(&address)->sin_port;
    return ntohs(network);
  }

 private:
  addrinfo* found_ = nullptr;
  int fd_ = -1;
};

pid_t read_pid(const std::filesystem::path& file) {
  pid_t pid = 0;
  std::ifstream(file) >> pid;
  return pid;
}

std::filesystem::path find_guard(const std::filesystem::path& configured) {
  if (!configured.empty()) return configured;
  const auto folder = std::filesystem::read_symlink("/proc/self/exe").parent_path();
  for (const auto& candidate : {folder / kGuardFile, folder / "../lib/croft" / kGuardFile})
    if (std::filesystem::exists(candidate)) return std::filesystem::canonical(candidate);
  throw std::runtime_error("the broker's guard " + std::string(kGuardFile) +
                           " is neither beside croft nor in ../lib/croft; build or install it");
}

}  // namespace

struct Mosquitto::State {
  State(const Executor& e, Config c, Metrics& metrics)
      : executor(e),
        config(std::move(c)),
        folder(config.state_dir / "broker"),
        restarts(
            metrics.counter("broker_restarts_total", "Times Mosquitto had to be started again")) {}

  void choose_port();
  void launch();
  void wait_until_ready();
  Task<void> pass_on_output();
  std::string output_so_far();

  Executor executor;
  Config config;
  std::filesystem::path folder;
  Counter restarts;
  std::string program;
  std::string host;
  std::uint16_t port = 0;
  std::unique_ptr<Child> child;
  bool stopping = false;
};

Mosquitto::Mosquitto(const Executor& executor, Config config, Metrics& metrics)
    : state_(std::make_unique<State>(executor, std::move(config), metrics)) {}

Mosquitto::~Mosquitto() = default;

// A Mosquitto left over from a killed Croft is saving its store and about to go: wait for it.
void Mosquitto::State::choose_port() {
  const auto colon = config.listen.rfind(':');
  host = config.listen.substr(0, colon);
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  const auto wanted = static_cast<std::uint16_t>(std::stoi(config.listen.substr(colon + 1)));
  const auto before = read_pid(folder / "mosquitto.pid");
  const auto deadline = steady_clock::now() + std::chrono::seconds(8);
  while (before > 0 && ::kill(before, 0) == 0 && steady_clock::now() < deadline) {
    const Socket socket(host, wanted);
    if (wanted != 0 && socket.bind()) break;
    std::this_thread::sleep_for(milliseconds(10));
  }
  const Socket socket(host, wanted);
  if (!socket.bind())
    throw std::runtime_error("MQTT port " + std::to_string(wanted) + " on " + host +
                             " is not free (" + std::strerror(errno) +
                             "); stop what listens there (perhaps: systemctl stop mosquitto) or "
                             "choose another with --mqtt-listen");
  port = socket.port();
}

std::uint16_t Mosquitto::start() {
  auto& s = *state_;
  s.program = find_program(s.config.program);
  if (s.program.empty())
    throw std::runtime_error("the broker " + s.config.program +
                             " is not installed; install the package mosquitto, or name a broker "
                             "of your own with --mqtt-url");
  s.config.guard = find_guard(s.config.guard);
  std::filesystem::create_directories(s.folder);
  std::filesystem::permissions(s.folder, std::filesystem::perms::owner_all);
  s.choose_port();
  write_configuration(s.config, s.host, s.port, s.folder);
  s.launch();
  s.wait_until_ready();
  return s.port;
}

void Mosquitto::State::launch() {
  child = std::make_unique<Child>(
      std::vector<std::string>{program, "-c", (folder / "mosquitto.conf").string()});
}

void Mosquitto::State::wait_until_ready() {
  const auto deadline = steady_clock::now() + std::chrono::seconds(10);
  for (;;) {
    if (Socket(host, port).connect()) return;
    if (child->ended())
      throw std::runtime_error("Mosquitto ended at once (" + child->outcome() +
                               "): " + output_so_far());
    if (steady_clock::now() > deadline)
      throw std::runtime_error("Mosquitto does not accept connections: " + output_so_far());
    std::this_thread::sleep_for(milliseconds(2));
  }
}

// Its last words on one line, for the message that says why it did not start.
std::string Mosquitto::State::output_so_far() {
  const int fd = child->take_output();
  std::string text(4096, '\0');
  const auto got = ::read(fd, text.data(), text.size());
  ::close(fd);
  text.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
  while (text.ends_with('\n')) text.pop_back();
  for (auto& c : text)
    if (c == '\n') c = ';';
  return text.empty() ? "it said nothing" : text;
}

Task<void> Mosquitto::State::pass_on_output() {
  asio::posix::stream_descriptor output(executor, child->take_output());
  asio::streambuf buffer(64 * 1024);
  for (;;) {
    const auto [error, size] =
        co_await asio::async_read_until(output, buffer, '\n', asio::as_tuple(asio::use_awaitable));
    if (error) co_return;  // it closed its output: it has ended
    std::string line;
    std::istream in(&buffer);
    std::getline(in, line);
    const bool bad =
        line.find("Error") != std::string::npos || line.find("Warning") != std::string::npos;
    log::write(bad ? log::Level::warning : log::Level::debug, "broker", line);
  }
}

Task<void> Mosquitto::watch() {
  auto& s = *state_;
  Backoff backoff(milliseconds(100), std::chrono::seconds(10));
  while (!s.stopping) {
    const auto started = steady_clock::now();
    co_await s.pass_on_output();
    while (!s.child->ended()) co_await sleep_for(milliseconds(5));
    if (s.stopping) co_return;
    if (steady_clock::now() - started > std::chrono::minutes(1)) backoff.reset();
    const auto pause = backoff.next();
    log::error("broker", "Mosquitto ended unexpectedly; starting it again",
               {{"how", s.child->outcome()}, {"after_ms", pause.count()}});
    co_await sleep_for(pause);
    if (s.stopping) co_return;
    s.restarts.add();
    s.launch();
  }
}

Task<void> Mosquitto::stop() {
  auto& s = *state_;
  s.stopping = true;
  s.child->signal(SIGTERM);
  const auto deadline = steady_clock::now() + std::chrono::seconds(5);
  while (!s.child->ended()) {
    if (steady_clock::now() > deadline) {
      log::warning("broker", "Mosquitto does not end; killing it");
      s.child->signal(SIGKILL);
    }
    co_await sleep_for(milliseconds(5));
  }
  std::error_code ignored;
  std::filesystem::remove(s.folder / "mosquitto.pid", ignored);
}

}  // namespace croft::broker

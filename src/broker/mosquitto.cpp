// The life of our own Mosquitto.
// SPDX-License-Identifier: Apache-2.0
#include "broker/mosquitto.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/buffer.hpp>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <stdexcept>
#include <thread>

#include "base/log.hpp"

namespace croft::broker {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using std::chrono::steady_clock;

constexpr seconds kReadyLimit{10};
constexpr seconds kPredecessorLimit{15};
constexpr seconds kStopLimit{5};
constexpr std::size_t kMostLine = 4096;

// A socket address for `address`; `host` may be a name only the broker understands, then false.
bool socket_address(const Address& address, bool to_connect, sockaddr_storage& out,
                    socklen_t& size) {
  std::string host = address.host;
  if (host.empty() || host == "localhost") host = host.empty() ? "0.0.0.0" : "127.0.0.1";
  if (to_connect && host == "0.0.0.0") host = "127.0.0.1";
  if (to_connect && host == "::") host = "::1";
  out = {};
  auto& v4 = reinterpret_cast<sockaddr_in&>(out);
  if (::inet_pton(AF_INET, host.c_str(), &v4.sin_addr) == 1) {
    v4.sin_family = AF_INET;
    v4.sin_port = htons(address.port);
    size = sizeof(v4);
    return true;
  }
  auto& v6 = reinterpret_cast<sockaddr_in6&>(out);
  v6.sin6_family = AF_INET6;
  v6.sin6_port = htons(address.port);
  size = sizeof(v6);
  return ::inet_pton(AF_INET6, host.c_str(), &v6.sin6_addr) == 1;
}

// Binds for a moment. Answers errno, 0 when the address is free; `port` becomes the one bound.
int try_to_bind(const Address& address, std::uint16_t& port) {
  sockaddr_storage where;
  socklen_t size = 0;
  if (!socket_address(address, false, where, size)) return 0;  // a name: the broker will say
  const int fd = ::socket(where.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return errno;
  const int yes = 1;
  ::setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes));
  int error = ::bind(fd, reinterpret_cast<sockaddr*>(&where), size) == 0 ? 0 : errno;
  if (error == 0 && ::getsockname(fd, reinterpret_cast<sockaddr*>(&where), &size) == 0)
    port = ntohs(reinterpret_cast<sockaddr_in&>(where).sin_port);  // at the same place in both
  ::close(fd);
  return error;
}

void check_port(const Address& address, const std::string& key) {
  if (address.port == 0) return;
  std::uint16_t ignored = 0;
  const int error = try_to_bind(address, ignored);
  const std::string where =
      (address.host.empty() ? "0.0.0.0" : address.host) + ":" + std::to_string(address.port);
  if (error == EADDRINUSE)
    throw std::runtime_error("MQTT port " + where +
                             " is taken by another program (a mosquitto service of the system?); "
                             "stop it, or set [mqtt] " +
                             key + " to another port");
  if (error != 0)
    throw std::runtime_error("cannot listen on MQTT port " + where + ": " + std::strerror(error) +
                             "; change [mqtt] " + key);
}

bool answers(const Address& address) {
  sockaddr_storage where;
  socklen_t size = 0;
  if (!socket_address(address, true, where, size)) return true;
  const int fd = ::socket(where.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const bool answered = ::connect(fd, reinterpret_cast<sockaddr*>(&where), size) == 0;
  ::close(fd);
  return answered;
}

std::string text_of(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

void write_private(const std::filesystem::path& path, const std::string& text) {
  const int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  const bool whole =
      fd >= 0 && ::write(fd, text.data(), text.size()) == static_cast<ssize_t>(text.size());
  const std::string why = std::strerror(errno);
  if (fd >= 0) ::close(fd);
  if (!whole) throw std::runtime_error("cannot write " + path.string() + ": " + why);
}

std::string program_of(const Config& config) {
  auto program = find_program(config.program);
  if (program.empty())
    throw std::runtime_error("cannot find the MQTT broker \"" + config.program +
                             "\"; install the package mosquitto, or set [mqtt] url to a broker "
                             "that runs elsewhere");
  return program;
}

void make_private(const std::filesystem::path& folder) {
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  if (error) throw std::runtime_error("cannot make " + folder.string() + ": " + error.message());
  std::filesystem::permissions(folder, std::filesystem::perms::owner_all, error);
}

}  // namespace

void become_mosquitto(const Config& config) {
  const auto program = program_of(config);
  const auto folder = std::filesystem::absolute(config.state_dir) / "broker";
  make_private(folder);
  const auto file = (folder / "mosquitto.conf").string();
  write_private(file, mosquitto_conf(config, addresses_of(config)));
  ::execl(program.c_str(), program.c_str(), "-c", file.c_str(), nullptr);
  throw std::runtime_error("cannot run " + program + ": " + std::strerror(errno));
}

Mosquitto::Mosquitto(const Executor& executor, Config config, Metrics& metrics)
    : executor_(executor),
      config_(std::move(config)),
      restarts_(metrics.counter("broker_restarts_total",
                                "How often the broker ended by itself and was started again.")),
      output_(executor) {}

Mosquitto::~Mosquitto() = default;

std::filesystem::path Mosquitto::file(const char* name) const {
  return std::filesystem::absolute(config_.state_dir) / "broker" / name;
}

std::uint16_t Mosquitto::start() {
  addresses_ = addresses_of(config_);
  any_port_ = addresses_.plain.port == 0 || (addresses_.tls && addresses_.tls->port == 0);
  program_ = program_of(config_);
  make_private(file(""));
  wait_for_predecessor();
  for (int tries = 1;; ++tries) {
    try {
      addresses_ = addresses_of(config_);
      check_ports();
      take_free_ports();
      write_private(file("mosquitto.conf"), mosquitto_conf(config_, addresses_));
      launch();
      wait_until_ready();
      return addresses_.plain.port;
    } catch (const std::runtime_error&) {
      child_.reset();
      const bool taken = last_error_.find("in use") != std::string::npos;  // since we looked
      if (!any_port_ || !taken || tries == 3) throw;
    }
  }
}

void Mosquitto::launch() {
  boost::system::error_code ignored;
  output_.close(ignored);
  last_error_.clear();
  child_ = std::make_unique<Child>(
      std::vector<std::string>{program_, "-c", file("mosquitto.conf").string()});
  output_.assign(child_->take_output());
  write_private(file("mosquitto.pid"), std::to_string(child_->pid()) + "\n");
}

void Mosquitto::wait_until_ready() {
  const auto deadline = steady_clock::now() + kReadyLimit;
  while (!accepts()) {
    const bool ended = child_->ended();
    read_pending();
    if (ended || steady_clock::now() > deadline)
      throw std::runtime_error(
          "the MQTT broker does not start: " +
          (last_error_.empty() ? (ended ? child_->ending() : "no answer in time") : last_error_));
    std::this_thread::sleep_for(milliseconds(2));
  }
}

// The broker of a Croft that was killed got SIGTERM from the kernel and may still save its store;
// starting beside it would fight for the port and lose what it saves.
void Mosquitto::wait_for_predecessor() const {
  const pid_t pid = std::atoi(text_of(file("mosquitto.pid")).c_str());
  if (pid <= 1) return;
  const auto started = steady_clock::now();
  const auto ours = [&] {
    const std::string command = text_of("/proc/" + std::to_string(pid) + "/cmdline");
    return command.find(file("mosquitto.conf").string()) != std::string::npos;
  };
  bool asked = false;
  while (ours()) {
    const auto waited = steady_clock::now() - started;
    if (!asked && waited > seconds(1)) {
      log::info("broker", "waiting for the broker of an earlier Croft to end", {{"pid", pid}});
      ::kill(pid, SIGTERM);
      asked = true;
    }
    if (waited > kPredecessorLimit - kStopLimit) ::kill(pid, SIGKILL);
    if (waited > kPredecessorLimit)
      throw std::runtime_error("the broker of an earlier Croft (pid " + std::to_string(pid) +
                               ") does not end; end it by hand");
    std::this_thread::sleep_for(milliseconds(5));
  }
}

void Mosquitto::check_ports() const {
  check_port(addresses_.plain, "listen");
  if (addresses_.tls) check_port(*addresses_.tls, "tls_listen");
}

void Mosquitto::take_free_ports() {
  const auto take = [](Address& address) {
    if (address.port == 0) try_to_bind({address.host, 0}, address.port);
  };
  take(addresses_.plain);
  if (addresses_.tls) take(*addresses_.tls);
}

// At every address.
bool Mosquitto::accepts() const {
  return answers(addresses_.plain) && (!addresses_.tls || answers(*addresses_.tls));
}

std::string Mosquitto::read_pending() {
  std::string text(kMostLine, '\0');
  const ssize_t count = ::read(output_.native_handle(), text.data(), text.size());
  text.resize(count > 0 ? static_cast<std::size_t>(count) : 0);
  for (std::string_view rest = text; !rest.empty();) {
    const std::size_t end = rest.find('\n');
    log_line(rest.substr(0, end));
    rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
  }
  return text;
}

void Mosquitto::log_line(std::string_view line) {
  if (line.empty()) return;
  const bool error = line.starts_with("Error") || line.starts_with("croft guard: ");
  if (error) last_error_ = std::string(line);
  // It warns of root at each start; whoever runs Croft as root in a container knows.
  const bool stale = line.find("should not be run as root") != std::string_view::npos;
  const auto level = line.starts_with("Error")               ? log::Level::error
                     : line.starts_with("Warning") && !stale ? log::Level::warning
                                                             : log::Level::debug;
  log::write(level, "broker", line);
}

Task<void> Mosquitto::pass_on_lines() {
  std::string text;
  for (;;) {
    char buffer[kMostLine];
    auto [error, count] =
        co_await output_.async_read_some(asio::buffer(buffer), asio::as_tuple(asio::use_awaitable));
    if (error) co_return;
    text.append(buffer, count);
    std::size_t at = 0;
    for (std::size_t end; (end = text.find('\n', at)) != std::string::npos; at = end + 1)
      log_line(std::string_view(text).substr(at, end - at));
    text.erase(0, at);
    if (text.size() > kMostLine) text.clear();
  }
}

Task<void> Mosquitto::watch() {
  Backoff backoff(milliseconds(100), seconds(10));
  while (!stopping_) {
    const auto started = steady_clock::now();
    co_await pass_on_lines();  // until its end of the pipe closes
    while (!child_->ended()) co_await sleep_for(milliseconds(2));
    if (stopping_) co_return;
    if (steady_clock::now() - started > seconds(60)) backoff.reset();
    const auto pause = backoff.next();
    log::error("broker", "the MQTT broker ended; starting it again",
               {{"how", child_->ending()}, {"after_ms", pause.count()}});
    co_await sleep_for(pause);
    if (stopping_) co_return;
    restarts_.add();
    launch();
  }
}

Task<void> Mosquitto::stop() {
  stopping_ = true;
  if (!child_) co_return;
  child_->signal(SIGTERM);
  const auto deadline = steady_clock::now() + kStopLimit;
  while (!child_->ended() && steady_clock::now() < deadline) co_await sleep_for(milliseconds(2));
  if (!child_->ended()) {
    log::warning("broker", "the MQTT broker did not end in time; killing it");
    child_->signal(SIGKILL);
    while (!child_->ended()) co_await sleep_for(milliseconds(2));
  }
  boost::system::error_code ignored;
  output_.close(ignored);
  std::filesystem::remove(file("mosquitto.pid"), ignored);
}

}  // namespace croft::broker

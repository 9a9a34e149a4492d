// Starting, watching and ending a child process.
// SPDX-License-Identifier: Apache-2.0
#include "broker/child.hpp"

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <stdexcept>
#include <string_view>
#include <thread>
#include <utility>

namespace croft::broker {
namespace {

// What the child does between fork and exec: only calls that are safe after a fork of a program
// with threads. Sockets that Asio opened lack close-on-exec, so all descriptors are closed here.
[[noreturn]] void become(const char* program, char* const* arguments, int output, pid_t parent) {
  ::setpgid(0, 0);
  ::prctl(PR_SET_PDEATHSIG, SIGTERM);
  if (::getppid() != parent) ::_exit(126);  // we came too late: the parent is gone already
  sigset_t none;
  sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  ::signal(SIGPIPE, SIG_DFL);
  const int null = ::open("/dev/null", O_RDONLY);
  ::dup2(null, 0);
  ::dup2(output, 1);
  ::dup2(output, 2);
  if (::close_range(3, ~0U, 0) != 0) {
    for (int fd = 3; fd < 65536; ++fd) ::close(fd);
  }
  ::execv(program, arguments);
  ::_exit(127);
}

std::string describe(int status) {
  if (WIFEXITED(status)) return "exit code " + std::to_string(WEXITSTATUS(status));
  return "signal " + std::to_string(WTERMSIG(status));
}

}  // namespace

std::string find_program(const std::string& name) {
  if (name.find('/') != std::string::npos) return ::access(name.c_str(), X_OK) == 0 ? name : "";
  const char* path = std::getenv("PATH");
  std::string_view rest = path == nullptr ? std::string_view() : std::string_view(path);
  const std::string places = std::string(rest) + ":/usr/local/sbin:/usr/sbin:/sbin";
  rest = places;
  while (!rest.empty()) {
    const std::size_t colon = rest.find(':');
    const std::string candidate = std::string(rest.substr(0, colon)) + "/" + name;
    rest.remove_prefix(colon == std::string_view::npos ? rest.size() : colon + 1);
    if (candidate[0] == '/' && candidate[1] != '/' && ::access(candidate.c_str(), X_OK) == 0)
      return candidate;
  }
  return "";
}

Child::Child(const std::vector<std::string>& command) {
  std::vector<std::string> words = command;
  std::vector<char*> arguments;
  for (std::string& word : words) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0)
    throw std::runtime_error(std::string("cannot make a pipe: ") + std::strerror(errno));
  // Neither side waits for the other: when we are slow, log lines are lost, but no message is late.
  ::fcntl(ends[0], F_SETFL, O_NONBLOCK);
  ::fcntl(ends[1], F_SETFL, O_NONBLOCK);
  const pid_t parent = ::getpid();
  pid_ = ::fork();
  if (pid_ == 0) become(arguments[0], arguments.data(), ends[1], parent);
  ::close(ends[1]);
  output_ = ends[0];
  if (pid_ < 0) {
    ::close(output_);
    throw std::runtime_error(std::string("cannot start a process: ") + std::strerror(errno));
  }
}

Child::~Child() {
  if (!ended()) {
    signal(SIGTERM);
    for (int i = 0; i < 1000 && !ended(); ++i)
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    if (!ended()) {
      signal(SIGKILL);
      int status = 0;
      ::waitpid(pid_, &status, 0);
    }
  }
  if (output_ >= 0) ::close(output_);
}

int Child::take_output() { return std::exchange(output_, -1); }

void Child::signal(int number) const {
  if (ending_.empty()) ::kill(pid_, number);
}

bool Child::ended() {
  if (!ending_.empty()) return true;
  int status = 0;
  const pid_t found = ::waitpid(pid_, &status, WNOHANG);
  if (found == pid_) ending_ = describe(status);
  if (found < 0 && errno == ECHILD) ending_ = "nobody knows how";
  return !ending_.empty();
}

}  // namespace croft::broker

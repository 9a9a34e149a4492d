// Starts, watches and ends a child process.
// SPDX-License-Identifier: Apache-2.0
#include "broker/child.hpp"

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <sstream>
#include <system_error>

namespace croft::broker {
namespace {

// Runs between fork and exec: nothing here may allocate or lock.
[[noreturn]] void become(char* const* arguments, int output, pid_t parent) {
  ::prctl(PR_SET_PDEATHSIG, SIGTERM);
  if (::getppid() != parent) ::_exit(127);  // the parent died before the line above
  ::dup2(output, 1);
  ::dup2(output, 2);
  ::close_range(3, ~0U, 0);  // sockets of ours are not the child's business
  ::signal(SIGPIPE, SIG_DFL);
  sigset_t none;
  ::sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  ::execv(arguments[0], arguments);
  ::_exit(127);
}

}  // namespace

Child::Child(const std::vector<std::string>& command) {
  std::array<int, 2> pipe{};
  if (::pipe2(pipe.data(), O_CLOEXEC) != 0)
    throw std::system_error(errno, std::generic_category(), "pipe");
  std::vector<char*> arguments;
  for (const auto& word : command) arguments.push_back(const_cast<char*>(word.c_str()));
  arguments.push_back(nullptr);
  const auto parent = ::getpid();
  pid_ = ::fork();
  if (pid_ == 0) become(arguments.data(), pipe[1], parent);
  const int error = errno;
  ::close(pipe[1]);
  output_ = pipe[0];
  ::fcntl(output_, F_SETFL, O_NONBLOCK);
  if (pid_ < 0) {
    ::close(output_);
    throw std::system_error(error, std::generic_category(), "fork");
  }
}

Child::~Child() {
  if (!ended()) {
    signal(SIGKILL);
    ::waitpid(pid_, nullptr, 0);
  }
  if (output_ >= 0) ::close(output_);
}

int Child::take_output() {
  const int output = output_;
  output_ = -1;
  return output;
}

bool Child::ended() {
  if (ended_) return true;
  int status = 0;
  if (::waitpid(pid_, &status, WNOHANG) != pid_) return false;
  ended_ = true;
  outcome_ = WIFEXITED(status) ? "exit code " + std::to_string(WEXITSTATUS(status))
                               : "signal " + std::to_string(WTERMSIG(status));
  return true;
}

void Child::signal(int number) const {
  if (!ended_) ::kill(pid_, number);
}

std::string find_program(const std::string& name) {
  if (name.find('/') != std::string::npos) return ::access(name.c_str(), X_OK) == 0 ? name : "";
  const char* path = std::getenv("PATH");
  std::istringstream folders(std::string(path != nullptr ? path : "") +
                             ":/usr/sbin:/usr/local/sbin:/usr/bin:/sbin");
  for (std::string folder; std::getline(folders, folder, ':');) {
    const auto full = folder + "/" + name;
    if (!folder.empty() && ::access(full.c_str(), X_OK) == 0) return full;
  }
  return "";
}

}  // namespace croft::broker

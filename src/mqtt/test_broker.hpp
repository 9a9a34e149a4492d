// For tests: a real Mosquitto of their own on a free port, in a directory of its own.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <fcntl.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <signal.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <boost/asio/io_context.hpp>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "base/task.hpp"

namespace croft::mqtt {

// A TCP port of 127.0.0.1 that nobody listens on now.
inline std::uint16_t free_port() {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof(address);
  const bool bound = ::bind(fd, reinterpret_cast<sockaddr*>(&address), size) == 0 &&
                     ::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size) == 0;
  ::close(fd);
  if (!bound) throw std::runtime_error("no free port");
  return ntohs(address.sin_port);
}

// Whether somebody accepts connections there.
inline bool listening(std::uint16_t port) {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(port);
  const bool answered = ::connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof(address)) == 0;
  ::close(fd);
  return answered;
}

// A directory that goes with its owner.
class TestDirectory {
 public:
  TestDirectory() {
    std::string name = (std::filesystem::temp_directory_path() / "croft-test-XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error("cannot make " + name);
    path_ = name;
  }
  TestDirectory(const TestDirectory&) = delete;
  TestDirectory& operator=(const TestDirectory&) = delete;
  ~TestDirectory() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

// A program started by a test, known by its pid, its output in a file; killed with its owner.
class TestProgram {
 public:
  TestProgram(std::vector<std::string> command, const std::filesystem::path& output) {
    std::vector<char*> arguments;
    for (std::string& word : command) arguments.push_back(word.data());
    arguments.push_back(nullptr);
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_addopen(&actions, 1, output.c_str(), O_WRONLY | O_CREAT | O_APPEND,
                                     0600);
    posix_spawn_file_actions_adddup2(&actions, 1, 2);
    const int failed =
        ::posix_spawnp(&pid_, arguments[0], &actions, nullptr, arguments.data(), environ);
    posix_spawn_file_actions_destroy(&actions);
    if (failed != 0) throw std::runtime_error("cannot start " + command[0]);
  }
  TestProgram(const TestProgram&) = delete;
  TestProgram& operator=(const TestProgram&) = delete;
  ~TestProgram() {
    if (pid_ > 0) end(SIGKILL);
  }
  pid_t pid() const { return pid_; }
  void end(int signal) {
    ::kill(pid_, signal);
    wait();
  }
  // The exit code, or -1 when a signal ended it.
  int wait() {
    int status = 0;
    ::waitpid(std::exchange(pid_, -1), &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  }

 private:
  pid_t pid_ = -1;
};

// Mosquitto with a configuration of a few lines; `more` is appended to it.
class TestBroker {
 public:
  explicit TestBroker(const std::string& more = "allow_anonymous true\n") : port_(free_port()) {
    std::ofstream(directory_.path() / "mosquitto.conf")
        << "listener " << port_ << " 127.0.0.1\n"
        << "persistence true\npersistence_location " << directory_.path().string() << "/\n"
        << "user " << (::geteuid() == 0 ? "root" : "") << "\n"
        << "max_queued_messages 100000000\nlog_dest stderr\n"
        << more;
    start();
  }
  std::uint16_t port() const { return port_; }
  pid_t pid() const { return program_->pid(); }
  const std::filesystem::path& directory() const { return directory_.path(); }
  std::string log() const {
    std::ifstream in(directory_.path() / "log");
    return {std::istreambuf_iterator<char>(in), {}};
  }
  // SIGTERM lets it save its sessions; SIGKILL does not.
  void end(int signal = SIGTERM) {
    program_->end(signal);
    program_.reset();
  }
  void start() {
    program_ = std::make_unique<TestProgram>(
        std::vector<std::string>{"/usr/sbin/mosquitto", "-c",
                                 (directory_.path() / "mosquitto.conf").string()},
        directory_.path() / "log");
    for (int tries = 0; tries < 1000 && !listening(port_); ++tries)
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    if (!listening(port_)) throw std::runtime_error("mosquitto does not start: " + log());
  }
  // Output of mosquitto_pub or mosquitto_sub with these arguments; it runs until it ends by itself.
  std::string tool(std::vector<std::string> command) const {
    const TestDirectory output;
    command.insert(command.begin() + 1, {"-h", "127.0.0.1", "-p", std::to_string(port_)});
    TestProgram program(std::move(command), output.path() / "out");
    program.wait();
    std::ifstream in(output.path() / "out");
    return {std::istreambuf_iterator<char>(in), {}};
  }

 private:
  TestDirectory directory_;
  std::uint16_t port_;
  std::unique_ptr<TestProgram> program_;
};

// Runs `loop` until `story` has returned; the test fails when that takes longer than `limit` or
// when the story throws.
inline void play(asio::io_context& loop, Task<void> story,
                 std::chrono::seconds limit = std::chrono::seconds(60)) {
  bool ended = false;
  asio::co_spawn(loop, std::move(story), [&](std::exception_ptr failure) {
    ended = true;
    loop.stop();
    if (!failure) return;
    try {
      std::rethrow_exception(failure);
    } catch (const std::exception& error) {
      ADD_FAILURE() << "the story threw: " << error.what();
    }
  });
  loop.restart();
  loop.run_for(limit);
  EXPECT_TRUE(ended) << "the story did not end in time";
}

// Waits until `holds` does, looking every few milliseconds; false after `limit`.
inline Task<bool> eventually(std::function<bool()> holds,
                             std::chrono::milliseconds limit = std::chrono::seconds(20)) {
  const auto deadline = std::chrono::steady_clock::now() + limit;
  while (!holds()) {
    if (std::chrono::steady_clock::now() > deadline) co_return false;
    co_await sleep_for(std::chrono::milliseconds(2));
  }
  co_return true;
}

}  // namespace croft::mqtt

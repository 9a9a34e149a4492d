// A child process that never outlives us, and its output line by line.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

namespace croft::broker {

class Child {
 public:
  // Starts `command` with its output in a pipe. Should this process die, even by SIGKILL, the child
  // gets SIGTERM. Call from the main thread: the kernel ties that to the thread that started it.
  // Throws std::system_error.
  explicit Child(const std::vector<std::string>& command);
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;
  ~Child();  // kills what still runs

  pid_t pid() const { return pid_; }
  // The read end of its output; -1 once given away. Non-blocking.
  int take_output();
  // Whether it has ended; then `outcome` says how.
  bool ended();
  const std::string& outcome() const { return outcome_; }
  void signal(int number) const;

 private:
  pid_t pid_ = -1;
  int output_ = -1;
  bool ended_ = false;
  std::string outcome_;
};

// The full path of a program, also from /usr/sbin, which is not in everybody's PATH; "" when
// absent.
std::string find_program(const std::string& name);

}  // namespace croft::broker

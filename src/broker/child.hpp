// A child process that never outlives us, and its output line by line.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

namespace croft::broker {

// Starts `command` (its first word found in PATH) with nothing of ours but a pipe as its output and
// errors; the read end is non-blocking. The kernel sends it SIGTERM when we die, even by SIGKILL.
// It stands in a process group of its own, so that Ctrl-C reaches us first. Throws runtime_error.
//
// The kernel's promise is tied to the thread that calls this: call it from one that lives as long
// as the program.
class Child {
 public:
  explicit Child(const std::vector<std::string>& command);
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;
  // Ends it: SIGTERM, five seconds, SIGKILL. Blocks.
  ~Child();

  pid_t pid() const { return pid_; }
  // Gives away the pipe's read end.
  int take_output();
  void signal(int number) const;
  // Whether it has ended; how, says ending(). Does not block.
  bool ended();
  // "exit code 3" or "signal 9"; "" while it runs.
  const std::string& ending() const { return ending_; }

 private:
  pid_t pid_ = -1;
  int output_ = -1;
  std::string ending_;
};

// The full path of a program; "" when it is not there. Looks into /usr/sbin and /sbin too, which
// the PATH of an ordinary user lacks.
std::string find_program(const std::string& name);

}  // namespace croft::broker

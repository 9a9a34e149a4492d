// Places where the chaos tests' own build can be killed; elsewhere they are nothing.
// SPDX-License-Identifier: Apache-2.0
#pragma once

// CROFT_FAILPOINT("committed"): with FAILPOINT=committed:200 in its environment, the program
// `croft-failing` dies here as by kill -9 when it passes for the 200th time. Only sources that
// src/app/CMakeLists.txt names for that program have it; `croft` has not a byte of it.
#ifdef CROFT_FAILPOINTS

#include <signal.h>
#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <string>
#include <string_view>

namespace croft {

inline void reach_failpoint(std::string_view name) {
  static const std::string wanted = [] {
    const char* text = std::getenv("FAILPOINT");
    return std::string(text == nullptr ? "" : text);
  }();
  static std::atomic<long> passed{0};
  const auto colon = wanted.find(':');
  if (colon == std::string::npos || wanted.compare(0, colon, name) != 0) return;
  if (++passed == std::atol(wanted.c_str() + colon + 1)) ::kill(::getpid(), SIGKILL);
}

}  // namespace croft
#define CROFT_FAILPOINT(name) ::croft::reach_failpoint(name)

#else
#define CROFT_FAILPOINT(name) static_cast<void>(0)
#endif

// One line that is written over, where somebody looks.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <unistd.h>

#include <cstdint>
#include <cstdio>
#include <string>

namespace croft::app {

class Progress {
 public:
  explicit Progress(std::string doing) : doing_(std::move(doing)) {}
  void operator()(std::uint64_t done, std::uint64_t of) {
    const int percent = of == 0 ? 100 : static_cast<int>(done * 100 / of);
    if (::isatty(2) == 0 || percent == shown_) return;
    shown_ = percent;
    std::fprintf(stderr, "\r%s: %3d %%%s", doing_.c_str(), percent, done >= of ? "\n" : "");
  }

 private:
  std::string doing_;
  int shown_ = -1;
};

}  // namespace croft::app

// Notices that files were replaced, such as a certificate that was renewed.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <string>
#include <vector>

namespace croft::broker::guard {

class WatchedFiles {
 public:
  using SteadyTime = std::chrono::steady_clock::time_point;

  void add(std::string path);
  // Whether any is another than before, and has been for two looks: a certificate and its key are
  // replaced one after the other. Looks at most every five seconds; cheap to call at any time. A
  // file that is gone is not another.
  bool changed(SteadyTime now);

 private:
  std::string stamp() const;

  std::vector<std::string> paths_;
  std::string known_;
  std::string seen_;
  SteadyTime next_;
};

}  // namespace croft::broker::guard

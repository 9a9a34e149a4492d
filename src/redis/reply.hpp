// What Redis says to one command.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace croft::redis {

struct Reply {
  enum class Kind { nil, integer, text, error, list };
  Kind kind = Kind::nil;
  std::int64_t integer = 0;
  std::string text{};  // of text and of error; any bytes
  std::vector<Reply> items{};
};

}  // namespace croft::redis

// What goes out as one mail: one waiting mail as it is, or many told together with their counts.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "base/clock.hpp"

namespace croft::mail {

struct Waiting {
  std::string subject;
  std::string text;
  std::string kind;
  std::string timezone;
  Instant created{};
};

// The mails waiting for one address.
struct Bundle {
  std::vector<Waiting> first;                 // oldest first, kMostTold at most
  std::map<std::string, std::int64_t> kinds;  // of all that were kept
  std::int64_t kept = 0;
  std::int64_t mails = 0;  // kept ones and those only counted
  Instant newest{};
};
constexpr int kMostTold = 20;

struct Draft {
  std::string subject;
  std::string text;
};

// `public_url` is where the reader finds the rest; "" when that is unknown.
Draft draft(const Bundle&, const std::string& public_url);

}  // namespace croft::mail

// Who may connect: devices, the hashes of their secrets, and topics granted beside their own.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "broker/guard/hash.hpp"

namespace croft::broker::guard {

struct Device {
  Hash hash{};
  std::vector<std::string> grants;  // topic filters it may write to

  // What is not persisted: whether it logged in since the broker started (and so may be connected),
  // as whom, and how many reports about it were sent of late.
  bool seen = false;
  std::vector<std::string> client_ids;  // those it used that are not its own name, latest last
  double reports = 0;                   // tokens of a bucket, negative never
  std::chrono::steady_clock::time_point reports_at{};
  unsigned suppressed = 0;
};

struct TextHash {
  using is_transparent = void;
  std::size_t operator()(std::string_view text) const noexcept {
    return std::hash<std::string_view>{}(text);
  }
};

using Table = std::unordered_map<std::string, Device, TextHash, std::equal_to<>>;

constexpr std::size_t kMostDevices = 500'000;
constexpr std::size_t kMostGrants = 32;  // of one device
constexpr std::size_t kMostFilterBytes = 512;

// The topic filter of a grant: valid, and nothing that looks like the broker's own topics.
bool is_grant(std::string_view filter);
// Whether a filter with + and # matches a topic.
bool filter_matches(std::string_view filter, std::string_view topic);
// The table as control text without begin and commit: what the state file keeps.
std::string to_text(const Table& table);

}  // namespace croft::broker::guard

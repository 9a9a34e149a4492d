// Ids that cannot be mixed up: a DeviceId is not a UserId, though both are short strings.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <compare>
#include <functional>
#include <string>
#include <string_view>
#include <utility>

namespace croft {

template <class Tag>
class Id {
 public:
  Id() = default;
  explicit Id(std::string value) : value_(std::move(value)) {}
  explicit Id(std::string_view value) : value_(value) {}
  explicit Id(const char* value) : value_(value) {}

  const std::string& str() const { return value_; }
  bool empty() const { return value_.empty(); }
  auto operator<=>(const Id&) const = default;

 private:
  std::string value_;
};

using DeviceId = Id<struct DeviceTag>;
using UserId = Id<struct UserTag>;
using CommandId = Id<struct CommandTag>;
using SessionId = Id<struct SessionTag>;

// 16 characters of [0-9a-z], 48 bits of milliseconds and 32 random bits: sortable by age, short
// enough to type into a node, unique but not secret. Safe from any thread.
std::string new_id();

// `bytes` of kernel randomness as unpadded base64url; for secrets. Safe from any thread.
std::string random_token(std::size_t bytes);

}  // namespace croft

template <class Tag>
struct std::hash<croft::Id<Tag>> {
  std::size_t operator()(const croft::Id<Tag>& id) const noexcept {
    return std::hash<std::string>{}(id.str());
  }
};

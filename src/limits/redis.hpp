// Limits in Redis: counted together by every replica, by Redis' own clock.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "limits/store.hpp"
#include "redis/client.hpp"

namespace croft::limits {

// croft:limit:<name>:<key> is a bucket, gone once it would be full again. On the loop; the client
// must outlive the store.
class Redis final : public Store {
 public:
  explicit Redis(redis::Client& client) : client_(client) {}
  Task<Result<>> take(const Limit&, std::string_view key) override;
  Task<Result<>> check(const Limit&, std::string_view key) override;
  Task<Result<>> forgive(const Limit&, std::string_view key) override;

 private:
  Task<Result<>> count(const Limit&, std::string key, bool take);

  redis::Client& client_;
};

}  // namespace croft::limits

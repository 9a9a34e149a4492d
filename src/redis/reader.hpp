// Finds replies in the bytes of a connection, however these are cut.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string_view>

#include "redis/reply.hpp"

struct redisReader;  // of hiredis

namespace croft::redis {

// Bounded, so that whoever answers at the address can do no more than be dropped.
class Reader {
 public:
  static constexpr std::size_t kMostItems = 10'000;            // in one reply, at all depths
  static constexpr std::size_t kMostUnread = 4 * 1024 * 1024;  // bytes of a reply not whole yet

  Reader();
  Reader(const Reader&) = delete;
  Reader& operator=(const Reader&) = delete;

  void feed(std::string_view bytes);
  // The next whole reply; nothing when more bytes are needed, and for ever once it is broken().
  std::optional<Reply> next();
  // What came is not what Redis sends, or is too large.
  bool broken() const { return broken_; }

  // For the functions that hiredis calls: whether `count` more items have room.
  bool admit(std::size_t count);

 private:
  struct Free {
    void operator()(redisReader*) const;
  };
  std::unique_ptr<redisReader, Free> reader_;
  std::size_t items_ = 0;
  bool broken_ = false;
};

}  // namespace croft::redis

// hiredis' reader, made to build our replies in place.
// SPDX-License-Identifier: Apache-2.0
#include "redis/reader.hpp"

#include <hiredis/read.h>

#include <utility>

namespace croft::redis {
namespace {

// Where the object of this task belongs: in its list, or alone.
Reply* place(const redisReadTask* task) {
  if (task->parent == nullptr) return new Reply;
  return &static_cast<Reply*>(task->parent->obj)->items[static_cast<std::size_t>(task->idx)];
}

Reply* placed(const redisReadTask* task, Reply reply) {
  Reply* here = place(task);
  *here = std::move(reply);
  return here;
}

// A generic count, for hiredis before and after 1.0 writes it as int and as size_t.
template <class Functions>
Functions functions() {
  Functions to{};
  to.createString = [](const redisReadTask* task, char* text, std::size_t length) -> void* {
    const auto kind = task->type == REDIS_REPLY_ERROR ? Reply::Kind::error : Reply::Kind::text;
    return placed(task, {kind, 0, {text, length}, {}});
  };
  to.createArray = [](const redisReadTask* task, auto count) -> void* {
    const auto items = static_cast<std::size_t>(count);
    if (!static_cast<Reader*>(task->privdata)->admit(items)) return nullptr;
    auto* list = placed(task, {Reply::Kind::list});
    list->items.resize(items);
    return list;
  };
  to.createInteger = [](const redisReadTask* task, long long number) -> void* {
    return placed(task, {Reply::Kind::integer, number});
  };
  to.createNil = [](const redisReadTask* task) -> void* { return placed(task, {}); };
  // Two kinds that only a newer protocol has, which nobody asked for.
  if constexpr (requires { to.createDouble; })
    to.createDouble = [](const redisReadTask*, double, char*, std::size_t) -> void* {
      return nullptr;
    };
  if constexpr (requires { to.createBool; })
    to.createBool = [](const redisReadTask*, int) -> void* { return nullptr; };
  to.freeObject = [](void* whole) { delete static_cast<Reply*>(whole); };
  return to;
}

}  // namespace

void Reader::Free::operator()(redisReader* reader) const { redisReaderFree(reader); }

Reader::Reader() {
  static auto ours = functions<redisReplyObjectFunctions>();
  reader_.reset(redisReaderCreateWithFunctions(&ours));
  if (reader_) reader_->privdata = this;
  broken_ = !reader_;
}

bool Reader::admit(std::size_t count) {
  if (count > kMostItems - items_) return false;
  items_ += count;
  return true;
}

void Reader::feed(std::string_view bytes) {
  if (broken_) return;
  broken_ = redisReaderFeed(reader_.get(), bytes.data(), bytes.size()) != REDIS_OK;
}

std::optional<Reply> Reader::next() {
  if (broken_) return std::nullopt;
  void* found = nullptr;
  if (redisReaderGetReply(reader_.get(), &found) != REDIS_OK) {
    broken_ = true;
    return std::nullopt;
  }
  if (found == nullptr) {
    broken_ = reader_->len - reader_->pos > kMostUnread;
    return std::nullopt;
  }
  items_ = 0;
  const std::unique_ptr<Reply> whole(static_cast<Reply*>(found));
  return std::move(*whole);
}

}  // namespace croft::redis

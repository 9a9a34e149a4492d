// For tests: a real database that breaks on request.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <functional>
#include <limits>
#include <memory>

#include "db/database.hpp"

namespace croft::db {

class BreakableDatabase final : public Database {
 public:
  enum class Break {
    before,    // nothing happens
    half_way,  // the work is done and rolled back
    after,     // the work is committed, but nobody learns of it
  };
  static constexpr int kAlways = std::numeric_limits<int>::max();

  explicit BreakableDatabase(std::unique_ptr<Database> real) : real_(std::move(real)) {}
  ~BreakableDatabase() override {
    readers_.join();
    writer_.join();
  }
  // The next `times` writes fail.
  void break_writes(Break how, int times = 1) {
    how_ = how;
    times_ = times;
  }
  void heal() { times_ = 0; }
  int writes() const { return writes_; }
  int failed() const { return failed_; }

  std::string_view clustered() const override { return real_->clustered(); }
  std::string_view by_time() const override { return real_->by_time(); }
  std::string_view bytes_type() const override { return real_->bytes_type(); }
  std::string_view text_type() const override { return real_->text_type(); }
  std::string_view engine() const override { return real_->engine(); }

 protected:
  asio::thread_pool& readers() override { return readers_; }
  asio::thread_pool& writer() override { return writer_; }
  void with_connection(Mode mode, const std::function<void(Connection&)>& work) override {
    if (mode == Mode::read) {
      real_->read_now([&](Connection& connection) { work(connection); });
      return;
    }
    ++writes_;
    const Break how = how_;
    const bool broken = times_ > 0;
    if (broken) {
      --times_;
      ++failed_;
      if (how == Break::before) throw Broken("the disk is full");
    }
    real_->write_now([&](Connection& connection) {
      work(connection);
      if (broken && how == Break::half_way) throw Broken("the disk is full");
    });
    if (broken) throw Broken("the connection was lost", true);
  }

 private:
  std::unique_ptr<Database> real_;
  std::atomic<Break> how_ = Break::before;
  std::atomic<int> times_ = 0;
  std::atomic<int> writes_ = 0;
  std::atomic<int> failed_ = 0;
  asio::thread_pool readers_{2};
  asio::thread_pool writer_{1};
};

}  // namespace croft::db

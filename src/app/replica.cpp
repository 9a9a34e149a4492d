// Standing by, working, and leaving.
// SPDX-License-Identifier: Apache-2.0
#include "app/replica.hpp"

#include <cstdlib>
#include <fstream>
#include <future>
#include <utility>

#include "app/interrupted.hpp"
#include "base/ids.hpp"
#include "base/log.hpp"

namespace croft::app {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kLease{5000};
constexpr milliseconds kRenew{1000};
constexpr milliseconds kLook{500};
constexpr int kTryAgainLater = 75;  // EX_TEMPFAIL: whoever watches over us starts us again

// The directory is locked for this process, so nobody else is who it says.
std::string identity_in(const std::filesystem::path& state_dir) {
  const auto file = state_dir / "replica";
  std::string known;
  std::ifstream(file) >> known;
  if (!known.empty()) return known;
  auto fresh = new_id();
  std::ofstream(file) << fresh << '\n';
  return fresh;
}

}  // namespace

Replica::Replica(db::Database& database, std::string service,
                 const std::filesystem::path& state_dir)
    : service_(std::move(service)),
      database_(database),
      lease_(database, service_, identity_in(state_dir), kLease) {}

void Replica::wait_for_turn(asio::io_context& loop) {
  const Interruption interruption;
  log::Throttle complaint{10};
  bool told = false;
  const auto try_once = [&] {
    try {
      return lease_.take();
    } catch (const db::Broken& broken) {
      complaint.write(log::Level::warning, "app", "cannot ask the database for our turn",
                      {{"error", broken.what()}});
      return false;
    }
  };
  while (!interruption.came()) {
    auto answer = std::async(std::launch::async, try_once);
    while (answer.wait_for(milliseconds(0)) != std::future_status::ready)
      loop.run_one_for(milliseconds(2));
    if (answer.get()) break;
    if (!std::exchange(told, true))
      log::info("app", "standing by: another replica is at work", {{"target", service_}});
    const auto next = std::chrono::steady_clock::now() + kLook;
    while (std::chrono::steady_clock::now() < next && !interruption.came())
      loop.run_one_for(milliseconds(20));
  }
  loop.restart();
  if (!lease_.taken()) throw Stopped();
}

void Replica::check(db::Connection& connection) const {
  if (lease_.held(connection)) return;
  log::error("app", "another replica has taken over while this one did not answer; ending",
             {{"target", service_}});
  std::_Exit(kTryAgainLater);
}

Task<void> Replica::run() {
  for (;;) {
    co_await sleep_for(kRenew);
    if (leaving_) co_return;
    try {
      auto renew = [this](db::Connection& connection) { lease_.renew(connection); };
      co_await database_.write(renew);
    } catch (const db::Broken& broken) {
      // While the database is away nobody can take over, and the services say that it is.
      log::debug("app", "the lease could not be renewed", {{"error", broken.what()}});
    }
  }
}

Task<void> Replica::give_back() {
  leaving_ = true;
  try {
    auto give = [this](db::Connection& connection) { lease_.give_back(connection); };
    co_await database_.write(give);
  } catch (const db::Broken& broken) {
    log::debug("app", "the lease could not be given back", {{"error", broken.what()}});
  }
}

}  // namespace croft::app

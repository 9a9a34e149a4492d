// One request again and again, at a rate, over some connections.
// SPDX-License-Identifier: Apache-2.0
#include <boost/asio/io_context.hpp>
#include <cstdio>
#include <exception>
#include <map>

#include "load/connection.hpp"
#include "load/load.hpp"
#include "load/percentiles.hpp"

namespace croft::load {
namespace {

struct Requests {
  const Settings& settings;
  steady_clock::time_point start{};
  std::uint64_t next = 0;
  std::map<int, std::uint64_t> statuses;
  std::uint64_t broken = 0;
  Percentiles latency;
};

// Takes the next request that is due. When all connections are busy the next is taken late, and its
// time counts from when it was due all the same.
Task<void> connection(const Executor& executor, Requests& shared) {
  Connection to(executor, shared.settings);
  const auto head = to.head_of(shared.settings.target);
  const auto all = static_cast<std::uint64_t>(shared.settings.rate * shared.settings.seconds);
  bool open = false;
  while (shared.next < all) {
    const auto at = due(shared.start, shared.next++, shared.settings.rate);
    if (at > steady_clock::now()) co_await sleep_for(at - steady_clock::now());
    try {
      if (!open) co_await to.open();
      open = true;
      const int status = co_await to.request(head);
      ++shared.statuses[status];
      shared.latency.add(us_since(at));
    } catch (const std::exception&) {
      ++shared.broken;
      open = false;
    }
  }
}

}  // namespace

int requests(const Settings& settings) {
  asio::io_context loop{1};
  Requests shared{
      .settings = settings, .start = steady_clock::now(), .statuses = {}, .latency = {}};
  for (std::size_t i = 0; i < settings.connections; ++i)
    spawn(loop.get_executor(), "requests", connection(loop.get_executor(), shared));
  loop.run();
  const double took = static_cast<double>(us_since(shared.start)) / 1e6;
  std::printf(
      "result {\"requests\":%llu,\"seconds\":%.2f,\"answered_a_second\":%.0f,\"broken\":%llu,"
      "\"statuses\":{",
      static_cast<unsigned long long>(shared.next), took,
      static_cast<double>(shared.latency.count()) / took,
      static_cast<unsigned long long>(shared.broken));
  const char* comma = "";
  for (const auto& [status, count] : shared.statuses) {
    std::printf("%s\"%d\":%llu", comma, status, static_cast<unsigned long long>(count));
    comma = ",";
  }
  std::printf("},\"latency_ms\":%s}\n", shared.latency.json().c_str());
  return shared.broken == 0 ? 0 : 1;
}

}  // namespace croft::load

// Measures the Redis client: sessions looked up by many coroutines over one connection.
// SPDX-License-Identifier: Apache-2.0
#include <sys/resource.h>

#include <boost/asio/io_context.hpp>
#include <chrono>
#include <cstdio>
#include <cstdlib>

#include "base/log.hpp"
#include "sessions/redis.hpp"

namespace {

using namespace croft;
using std::chrono::steady_clock;

double processor_seconds() {
  rusage used{};
  ::getrusage(RUSAGE_SELF, &used);
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
  };
  return seconds(used.ru_utime) + seconds(used.ru_stime);
}

}  // namespace

// bench_redis PORT [COROUTINES] [LOOKUPS]
int main(int count, char** words) {
  if (count < 2) {
    std::fprintf(stderr, "usage: bench_redis PORT [COROUTINES] [LOOKUPS]\n");
    return 2;
  }
  const int coroutines = count > 2 ? std::atoi(words[2]) : 50;
  const int lookups = count > 3 ? std::atoi(words[3]) : 1'000'000;
  log::configure(log::Level::warning, log::Format::text);

  asio::io_context loop;
  SystemClock clock;
  Metrics metrics;
  redis::Options options;
  options.port = static_cast<std::uint16_t>(std::atoi(words[1]));
  redis::Client client(loop.get_executor(), options, metrics);
  sessions::Redis store(client, clock, std::chrono::hours(1));
  spawn(loop.get_executor(), "redis", client.run());

  int left = lookups;
  int found = 0;
  int working = coroutines;
  steady_clock::time_point began;
  double spent = 0;
  auto look = [&]() -> Task<void> {
    while (left > 0) {
      --left;
      const auto session = co_await store.find(SessionId("bench"));
      found += session ? 1 : 0;
    }
    if (--working == 0) client.stop();
  };
  auto begin = [&]() -> Task<void> {
    while (!client.connected()) co_await sleep_for(std::chrono::milliseconds(5));
    const auto now = clock.now();
    const sessions::Session session{SessionId("bench"),          UserId("bench"), now,
                                    now + std::chrono::hours(1), "127.0.0.1",     "bench"};
    co_await store.put(session);
    began = steady_clock::now();
    spent = processor_seconds();
    for (int i = 0; i < coroutines; ++i) spawn(loop.get_executor(), "bench", look());
  };
  spawn(loop.get_executor(), "bench", begin());
  loop.run();

  const std::chrono::duration<double> took = steady_clock::now() - began;
  std::printf("%d of %d found by %d coroutines: %.0f lookups/s, %.2f us of processor time each\n",
              found, lookups, coroutines, lookups / took.count(),
              (processor_seconds() - spent) * 1e6 / lookups);
  return found == lookups ? 0 : 1;
}

// PostgreSQL that goes away and comes back, or never was there.
// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <thread>

#include "db/migrations.hpp"
#include "db/postgres.hpp"
#include "db/test_database.hpp"

namespace croft::db {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr Migration kMigrations[] = {{1, "CREATE TABLE things (id TEXT PRIMARY KEY)"}};

void put(Database& database, std::string_view id) {
  database.write_now(
      [&](Connection& c) { c.execute("INSERT INTO things (id) VALUES ($1)", {id}); });
}

std::int64_t count(Database& database) {
  return database.read_now([](Connection& c) {
    return *c.first("SELECT count(*) FROM things", {},
                    [](const Row& row) { return row.integer(0); });
  });
}

bool never() { return false; }

// What `work` throws as Broken; "" when it does not.
template <class F>
std::string trouble(F work) {
  try {
    work();
    return "";
  } catch (const Broken& broken) {
    return broken.what();
  }
}

// Takes connections and never says a word.
class SilentHost {
 public:
  SilentHost() : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    address_.sin_family = AF_INET;
    address_.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof(address_);
    auto* address = reinterpret_cast<sockaddr*>(&address_);
    if (::bind(fd_, address, size) != 0 || ::listen(fd_, 8) != 0 ||
        ::getsockname(fd_, address, &size) != 0)
      throw std::runtime_error("no port to listen on");
  }
  SilentHost(const SilentHost&) = delete;
  SilentHost& operator=(const SilentHost&) = delete;
  ~SilentHost() { ::close(fd_); }
  std::string url() const {
    return "postgresql://croft@127.0.0.1:" + std::to_string(ntohs(address_.sin_port)) + "/croft";
  }

 private:
  int fd_;
  sockaddr_in address_{};
};

}  // namespace

TEST(PostgresAway, KeepsWhatWasCommittedAndGoesOnAfterACrash) {
  TestPostgres server;
  const auto database = open_postgres({.url = server.fresh()});
  migrate(*database, "test", kMigrations);
  put(*database, "before");
  EXPECT_EQ(count(*database), 1);
  server.stop();
  EXPECT_NE(trouble([&] { put(*database, "during"); }), "");
  EXPECT_NE(trouble([&] { count(*database); }), "");
  server.start();
  ASSERT_TRUE(wait_until_ready(*database, never));
  EXPECT_EQ(count(*database), 1);
  put(*database, "after");
  EXPECT_EQ(count(*database), 2);
}

TEST(PostgresAway, EndsAStatementThatWaitsWhenTheServerStops) {
  TestPostgres server;
  const auto database = open_postgres({.url = server.fresh()});
  migrate(*database, "test", kMigrations);
  std::thread stopper([&] {
    std::this_thread::sleep_for(milliseconds(300));
    server.stop(SIGINT);
  });
  const auto words =
      trouble([&] { database->read_now([](Connection& c) { c.execute("SELECT pg_sleep(20)"); }); });
  stopper.join();
  EXPECT_NE(words.find("terminating connection"), std::string::npos) << words;
}

TEST(PostgresAway, WaitsForAServerThatStartsLater) {
  TestPostgres server;
  const auto url = server.fresh();
  server.stop(SIGINT);
  const auto database = open_postgres({.url = url});
  bool ready = false;
  std::thread waiter([&] { ready = wait_until_ready(*database, never); });
  std::this_thread::sleep_for(milliseconds(700));
  server.start();
  waiter.join();
  EXPECT_TRUE(ready);
  migrate(*database, "test", kMigrations);
}

TEST(PostgresAway, StopsWaitingWhenItIsToldTo) {
  const auto database = open_postgres({.url = "postgresql://croft@127.0.0.1:1/croft"});
  const auto end = steady_clock::now() + milliseconds(300);
  EXPECT_FALSE(wait_until_ready(*database, [&] { return steady_clock::now() >= end; }));
  EXPECT_LT(steady_clock::now(), end + milliseconds(1000));
}

TEST(PostgresAway, SaysWhatIsWrongWithTheDatabase) {
  auto& server = TestPostgres::shared();
  const auto none = open_postgres({.url = server.url("nowhere")});
  const auto words = trouble([&] { count(*none); });
  EXPECT_NE(words.find("database \"nowhere\" does not exist"), std::string::npos) << words;

  const auto latin = open_postgres(
      {.url = server.fresh({"--template=template0", "--encoding=LATIN1", "--locale=C"})});
  const auto wish = trouble([&] { count(*latin); });
  EXPECT_NE(wish.find("UTF8"), std::string::npos) << wish;
}

TEST(PostgresAway, FailsAtOnceWhileItWasAwayJustNow) {
  const SilentHost host;
  const auto database = open_postgres({.url = host.url(), .connect_timeout = Seconds(2)});
  const auto begun_first = steady_clock::now();
  EXPECT_NE(trouble([&] { count(*database); }), "");
  EXPECT_LT(steady_clock::now() - begun_first, Seconds(5));
  const auto begun = steady_clock::now();
  EXPECT_NE(trouble([&] { put(*database, "a"); }), "");
  EXPECT_LT(steady_clock::now() - begun, milliseconds(400));
}

// A process of the server that is stopped keeps its connection open, as a middle box may.
TEST(PostgresAway, GivesUpAConnectionThatIsOpenAndSilent) {
  TestPostgres server;
  const auto database = open_postgres({.url = server.fresh(), .answer_timeout = Seconds(1)});
  migrate(*database, "test", kMigrations);
  const auto backend = [](Connection& c) {
    return static_cast<pid_t>(
        *c.first("SELECT pg_backend_pid()", {}, [](const Row& row) { return row.integer(0); }));
  };
  const auto writer = database->write_now(backend);
  ::kill(writer, SIGSTOP);
  const auto begun = steady_clock::now();
  put(*database, "a");  // nothing had begun, so it is done by a new connection
  EXPECT_GE(steady_clock::now() - begun, milliseconds(900));
  EXPECT_LT(steady_clock::now() - begun, Seconds(5));
  ::kill(writer, SIGCONT);

  pid_t stopped = 0;
  const auto words = trouble([&] {
    database->read_now([&](Connection& c) {
      ::kill(stopped = backend(c), SIGSTOP);
      c.execute("SELECT 1");
    });
  });
  EXPECT_NE(words.find("no answer for 1 s"), std::string::npos) << words;
  ::kill(stopped, SIGCONT);

  try {
    database->write_now([&](Connection& c) {
      stopped = backend(c);
      c.execute("INSERT INTO things (id) VALUES ('b')");
      ::kill(stopped, SIGSTOP);
    });
    ADD_FAILURE() << "it was said to be committed";
  } catch (const Broken& broken) {
    EXPECT_TRUE(broken.unknown_outcome) << broken.what();
  }
  ::kill(stopped, SIGCONT);
  put(*database, "c");  // waits for what the other still holds
  EXPECT_EQ(count(*database), 3);
}

TEST(PostgresAway, NeverRepeatsAPasswordOfAWrongUrl) {
  try {
    open_postgres({.url = "postgresql://croft:hush@host:port:5/croft?what"});
    FAIL();
  } catch (const std::runtime_error& error) {
    const std::string words = error.what();
    EXPECT_EQ(words.find("hush"), std::string::npos) << words;
    EXPECT_NE(words.find("database.url"), std::string::npos) << words;
  }
}

}  // namespace croft::db

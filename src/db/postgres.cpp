// PostgreSQL behind the face: one connection that writes, several that read, made when needed.
// SPDX-License-Identifier: Apache-2.0
#include "db/postgres.hpp"

#include <pthread.h>

#include <mutex>
#include <stdexcept>
#include <thread>
#include <utility>
#include <vector>

#include "base/log.hpp"
#include "db/postgres_connection.hpp"
#include "db/postgres_library.hpp"

namespace croft::db {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

using Handle = std::unique_ptr<PostgresConnection>;

// While the server is away, whoever comes within this time of the last failure fails like it, so
// that workers are not all held up by a host that does not answer.
constexpr milliseconds kBetweenAttempts{500};

void name_thread(const char* name) {
  thread_local bool named = false;
  if (named) return;
  pthread_setname_np(pthread_self(), name);
  named = true;
}

// libpq's own words about a wrong URL would repeat its password.
void check_url(const std::string& url) {
  char* error = nullptr;
  auto* options = libpq().conninfoParse(url.c_str(), &error);
  if (error != nullptr) libpq().freemem(error);
  if (options == nullptr)
    throw std::runtime_error(
        "database.url is no URL of PostgreSQL; it must be postgresql://user:password@host:5432/"
        "name, with special characters in user and password percent-encoded");
  libpq().conninfoFree(options);
}

class Postgres final : public Database {
 public:
  explicit Postgres(const PostgresConfig& config)
      : config_(config), reader_pool_(static_cast<std::size_t>(config.readers)), writer_pool_(1) {
    check_url(config_.url);
  }
  ~Postgres() override {
    reader_pool_.join();
    writer_pool_.join();
  }

  std::string_view clustered() const override { return ""; }
  std::string_view by_time() const override { return " PARTITION BY RANGE (time)"; }
  std::string_view bytes_type() const override { return "BYTEA"; }
  std::string_view text_type() const override { return "TEXT COLLATE \"C\""; }
  std::string_view engine() const override {
    const std::lock_guard lock(mutex_);
    return engine_;
  }

 protected:
  asio::thread_pool& readers() override { return reader_pool_; }
  asio::thread_pool& writer() override { return writer_pool_; }

  void with_connection(Mode mode, const std::function<void(Connection&)>& work) override {
    if (mode == Mode::write) {
      const std::lock_guard lock(writer_mutex_);
      name_thread("croft-writer");
      in_transaction(writer_, mode, work);
      return;
    }
    name_thread("croft-reader");
    auto connection = take_reader();
    in_transaction(connection, mode, work);
    const std::lock_guard lock(mutex_);
    idle_readers_.push_back(std::move(connection));
  }

 private:
  // After Broken the connection is thrown away; the next work makes another.
  void in_transaction(Handle& connection, Mode mode, const std::function<void(Connection&)>& work) {
    try {
      begin(connection, mode);
      if (mode == Mode::write && config_.may_write) config_.may_write(*connection);
      work(*connection);
      connection->commit();
    } catch (const Broken&) {
      connection.reset();
      throw;
    } catch (...) {
      if (connection) connection->roll_back();
      throw;
    }
  }
  // A connection that was lost while idle is made again at once: nothing has happened on it yet.
  void begin(Handle& connection, Mode mode) {
    if (connection) {
      try {
        connection->begin(mode);
        return;
      } catch (const Broken&) {
        if (connection->alive()) throw;
        forget_readers();
      }
    }
    connection.reset();
    connection = connect();
    connection->begin(mode);
  }
  Handle connect() {
    {
      const std::lock_guard lock(mutex_);
      if (!trouble_.empty() && steady_clock::now() < away_until_) throw Broken(trouble_);
    }
    try {
      auto connection = std::make_unique<PostgresConnection>(config_);
      const std::lock_guard lock(mutex_);
      trouble_.clear();
      // Others may hold a view of the name, so it is written once.
      if (engine_ == kUnknown)
        engine_ = names_.emplace_back("PostgreSQL " + connection->server_version());
      return connection;
    } catch (const Broken& broken) {
      const std::lock_guard lock(mutex_);
      trouble_ = broken.what();
      away_until_ = steady_clock::now() + kBetweenAttempts;
      throw;
    }
  }
  Handle take_reader() {
    const std::lock_guard lock(mutex_);
    if (idle_readers_.empty()) return nullptr;
    auto connection = std::move(idle_readers_.back());
    idle_readers_.pop_back();
    return connection;
  }
  // What broke one has broken the others.
  void forget_readers() {
    const std::lock_guard lock(mutex_);
    idle_readers_.clear();
  }

  static constexpr std::string_view kUnknown = "PostgreSQL";

  PostgresConfig config_;
  std::mutex writer_mutex_;
  Handle writer_;
  mutable std::mutex mutex_;  // of what follows
  std::vector<Handle> idle_readers_;
  std::string_view engine_ = kUnknown;
  std::vector<std::string> names_;
  std::string trouble_;
  steady_clock::time_point away_until_{};
  asio::thread_pool reader_pool_;
  asio::thread_pool writer_pool_;
};

// "" when it answers.
std::string try_once(Database& database) {
  try {
    database.read_now([](Connection& connection) { connection.execute("SELECT 1"); });
    return "";
  } catch (const Broken& broken) {
    return broken.what();
  }
}

}  // namespace

std::unique_ptr<Database> open_postgres(const PostgresConfig& config) {
  return std::make_unique<Postgres>(config);
}

bool wait_until_ready(Database& database, const std::function<bool()>& stopped) {
  constexpr milliseconds kStep{100};
  constexpr std::chrono::seconds kBetweenWords{30};
  std::string told;
  steady_clock::time_point told_at{};
  for (auto pause = kBetweenAttempts; !stopped(); pause = std::min(pause * 2, milliseconds(5000))) {
    const auto trouble = try_once(database);
    if (trouble.empty()) {
      if (!told.empty()) log::info("db", "the database is there");
      return true;
    }
    if (trouble != told || steady_clock::now() - told_at >= kBetweenWords) {
      log::warning("db", "waiting for the database of database.url; trying again until it answers",
                   {{"error", trouble}});
      told = trouble;
      told_at = steady_clock::now();
    }
    for (auto left = pause; left > milliseconds(0) && !stopped(); left -= kStep)
      std::this_thread::sleep_for(kStep);
  }
  return false;
}

}  // namespace croft::db

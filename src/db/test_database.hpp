// For tests: a fresh database on the engine this run is about, and a real PostgreSQL.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <fcntl.h>
#include <pwd.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "base/ids.hpp"
#include "db/postgres.hpp"
#include "db/sqlite.hpp"

namespace croft::db {

// A PostgreSQL server in a temporary directory, reached through a socket there; it ends with its
// owner, and with the thread that started it however that ends. It refuses to run as root, so for
// root it runs as the user postgres.
class TestPostgres {
 public:
  TestPostgres() {
    std::string name = (std::filesystem::temp_directory_path() / "croft-pg-XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error("cannot make " + name);
    directory_ = name;
    if (::getuid() == 0) {
      user_ = ::getpwnam("postgres");
      if (user_ == nullptr) throw std::runtime_error("there is no user postgres to run it as");
      if (::chown(name.c_str(), user_->pw_uid, user_->pw_gid) != 0)
        throw std::runtime_error("cannot give away " + name);
    }
    run({program("initdb"), "-D", name + "/data", "-U", "croft", "--auth=trust", "--no-sync",
         "--no-instructions", "--encoding=UTF8", "--locale=C.UTF-8"});
    start();
  }
  TestPostgres(const TestPostgres&) = delete;
  TestPostgres& operator=(const TestPostgres&) = delete;
  ~TestPostgres() {
    stop();
    std::error_code ignored;
    std::filesystem::remove_all(directory_, ignored);
  }
  // One for the whole test program.
  static TestPostgres& shared() {
    static TestPostgres server;
    return server;
  }

  void start() {
    pid_ = spawn({program("postgres"), "-D", directory_ + "/data", "-k", directory_, "-c",
                  "listen_addresses=", "-c", "fsync=off", "-c", "shared_buffers=16MB", "-c",
                  "max_connections=60", "-c", "deadlock_timeout=100ms"});
    const auto socket = directory_ + "/.s.PGSQL.5432";
    const std::vector<std::string> ready = {program("pg_isready"), "-q", "-h", directory_};
    for (int i = 0; i < 400 && (!std::filesystem::exists(socket) || !succeeds(ready)); ++i)
      std::this_thread::sleep_for(std::chrono::milliseconds(25));
  }
  // SIGQUIT: at once, as a crash would; SIGINT: politely, connections are ended.
  void stop(int signal = SIGQUIT) {
    if (pid_ <= 0) return;
    ::kill(pid_, signal);
    ::waitpid(pid_, nullptr, 0);
    pid_ = -1;
  }
  void signal(int number) const { ::kill(pid_, number); }

  // A new and empty database, by its URL.
  std::string fresh(const std::vector<std::string>& options = {}) {
    auto name = "t" + new_id();
    std::vector<std::string> command = {program("createdb"), "-h", directory_, "-U", "croft"};
    command.insert(command.end(), options.begin(), options.end());
    command.push_back(name);
    run(command);
    return url(name);
  }
  std::string url(const std::string& name) const {
    return "postgresql://croft@/" + name + "?host=" + directory_;
  }

 private:
  static std::string program(const std::string& name) {
    const std::filesystem::path root = "/usr/lib/postgresql";
    std::vector<std::filesystem::path> versions;
    if (std::filesystem::is_directory(root))
      for (const auto& entry : std::filesystem::directory_iterator(root))
        if (std::filesystem::exists(entry.path() / "bin" / name)) versions.push_back(entry.path());
    if (versions.empty()) return name;  // by the PATH
    return *std::ranges::max_element(versions) / "bin" / name;
  }
  pid_t spawn(std::vector<std::string> command) const {
    std::vector<char*> arguments;
    for (auto& word : command) arguments.push_back(word.data());
    arguments.push_back(nullptr);
    const auto log = directory_ + "/log";
    const pid_t child = ::fork();
    if (child != 0) return child;
    const bool lowered =
        user_ == nullptr || (::setgid(user_->pw_gid) == 0 && ::setuid(user_->pw_uid) == 0);
    const int out = ::open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0644);
    ::dup2(out, 1);
    ::dup2(out, 2);
    ::prctl(PR_SET_PDEATHSIG, SIGQUIT);
    if (lowered && ::chdir(directory_.c_str()) == 0) ::execvp(arguments[0], arguments.data());
    ::_exit(127);
  }
  bool succeeds(const std::vector<std::string>& command) const {
    int status = -1;
    ::waitpid(spawn(command), &status, 0);
    return status == 0;
  }
  void run(const std::vector<std::string>& command) const {
    if (!succeeds(command))
      throw std::runtime_error(command[0] + " failed; see " + directory_ + "/log");
  }

  std::string directory_;
  const passwd* user_ = nullptr;
  pid_t pid_ = -1;
};

// SQLite in memory, or PostgreSQL when CROFT_TEST_ENGINE=postgres: each room that keeps something
// is tested on both.
inline std::unique_ptr<Database> test_database() {
  const char* engine = std::getenv("CROFT_TEST_ENGINE");
  if (engine == nullptr || std::string(engine) != "postgres")
    return open_sqlite({.file = ":memory:"});
  return open_postgres({.url = TestPostgres::shared().fresh(), .readers = 2});
}

}  // namespace croft::db

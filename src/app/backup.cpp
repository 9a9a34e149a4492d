// What a backup holds, and how it takes the place of what was there.
// SPDX-License-Identifier: Apache-2.0
#include "app/backup.hpp"

#include <unistd.h>

#include <cstdio>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <system_error>

#include "app/backup_file.hpp"
#include "app/progress.hpp"
#include "app/state_dir.hpp"
#include "app/version.hpp"
#include "app/wiring.hpp"
#include "base/clock.hpp"
#include "db/sqlite_check.hpp"
#include "db/sqlite_copy.hpp"
#include "security/digest.hpp"

namespace croft::app {
namespace {

namespace fs = std::filesystem;

constexpr const char* kDatabase = "croft.db";
// Below the state directory: what is to take its place.
constexpr const char* kStaged = "restoring";
// In there: all of it is there and checked, and the name of the folder for what was there before.
constexpr const char* kComplete = "complete";
// In there: what was there before is in its folder.
constexpr const char* kAside = "aside";
constexpr std::uint64_t kMega = 1'000'000;

fs::path embedded_database(const Config& config) {
  const auto file = database_file(config, config.state_dir);
  if (!file || *file == ":memory:")
    throw std::runtime_error(
        "this Croft keeps its readings in a PostgreSQL, which is backed up by its own pg_dump; "
        "docs/deployment.md has the commands");
  return *file;
}

std::string content_of(const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  if (!in) throw std::runtime_error("cannot read " + file.string());
  return {std::istreambuf_iterator<char>(in), {}};
}

std::vector<Manifest::Kept> keys_in(const fs::path& state_dir) {
  std::vector<Manifest::Kept> files;
  if (fs::exists(state_dir / "token.key"))
    files.push_back({"token.key", content_of(state_dir / "token.key")});
  std::error_code none;
  for (const auto& entry : fs::directory_iterator(state_dir / "tls", none))
    if (entry.is_regular_file())
      files.push_back({"tls/" + entry.path().filename().string(), content_of(entry.path())});
  return files;
}

// Removed at the end of its scope, unless it was kept.
struct Unfinished {
  fs::path path;
  ~Unfinished() {
    std::error_code ignored;
    for (const char* end : {"", "-wal", "-shm", "-journal"})
      fs::remove_all(path.string() + end, ignored);
  }
};

// Whatever is there under one of these names is part of an installation.
std::vector<std::string> parts() {
  const std::string database = kDatabase;
  return {database, database + "-wal", database + "-shm", "token.key", "tls"};
}

bool installed(const fs::path& state_dir) {
  return fs::exists(state_dir / kDatabase) || fs::exists(state_dir / "token.key");
}

void stage(const fs::path& backup, const Manifest& manifest, const fs::path& staged) {
  fs::create_directories(staged);
  fs::permissions(staged, fs::perms::owner_all);
  Progress progress("checking and copying " + backup.string());
  extract_database(backup, manifest, staged / kDatabase, std::ref(progress));
  const auto wrong = db::check_sqlite(staged / kDatabase);
  if (!wrong.empty())
    throw std::runtime_error(backup.string() + " holds a database that is damaged: " + wrong);
  for (const auto& [name, content] : manifest.files) {
    fs::create_directories((staged / name).parent_path());
    write_private(staged / name, content);
  }
  write_private(staged / kComplete, "before-restore-" + format_instant(SystemClock().now()));
  sync_to_disk(staged);
}

}  // namespace

void back_up(const Config& config, const fs::path& file) {
  security::prepare_crypto();
  const auto database = embedded_database(config);
  if (!fs::exists(database))
    throw std::runtime_error("there is no database at " + database.string() +
                             "; is --state-dir (state_dir) right?");
  if (fs::exists(file)) throw std::runtime_error(file.string() + " is there already");
  const Unfinished unfinished{file.string() + ".part"};
  write_private(unfinished.path, "");
  Manifest manifest;
  manifest.croft = kVersion;
  manifest.made = format_instant(SystemClock().now());
  manifest.files = keys_in(config.state_dir);
  Progress copying("copying the database"), checking("reading the copy");
  db::copy_sqlite(database, unfinished.path, std::ref(copying));
  manifest.size = fs::file_size(unfinished.path);
  manifest.sha256 = sha256_of(unfinished.path, manifest.size, std::ref(checking));
  append_manifest(unfinished.path, manifest);
  sync_to_disk(unfinished.path);
  fs::rename(unfinished.path, file);
  sync_to_disk(fs::absolute(file).parent_path());
  std::printf(
      "%s: %.1f MB, with the keys of this installation; keep it where only you can read it\n",
      file.c_str(), static_cast<double>(fs::file_size(file)) / kMega);
}

void restore(const Config& config, const fs::path& file, bool replace) {
  security::prepare_crypto();
  if (embedded_database(config) != config.state_dir / kDatabase)
    throw std::runtime_error(
        "croft restore puts the database into the state directory, as croft.db; database.url says "
        "something else");
  const auto manifest = read_manifest(file);
  const StateDir state_dir(config.state_dir);  // nobody else may run on it
  finish_restore(state_dir.path());
  if (installed(state_dir.path()) && !replace)
    throw std::runtime_error(state_dir.path().string() +
                             " holds an installation already; with --replace it is put aside");
  const auto staged = state_dir.path() / kStaged;
  try {
    stage(file, manifest, staged);
  } catch (...) {
    std::error_code ignored;
    fs::remove_all(staged, ignored);
    throw;
  }
  finish_restore(state_dir.path());
  std::printf("restored what was backed up at %s; start it with croft serve\n",
              manifest.made.c_str());
}

// First everything old goes aside, then everything new takes its place; after a crash each goes on
// where it stopped, because what was moved is not there to be moved again.
void finish_restore(const fs::path& state_dir) {
  const auto staged = state_dir / kStaged;
  if (!fs::exists(staged)) return;
  if (!fs::exists(staged / kComplete)) {  // cut off before its check was over: it never happened
    fs::remove_all(staged);
    return;
  }
  const auto old = state_dir / content_of(staged / kComplete);
  const auto move_all = [](const fs::path& from, const fs::path& to) {
    for (const auto& part : parts())
      if (fs::exists(from / part)) {
        fs::create_directories(to);
        fs::rename(from / part, to / part);
      }
    if (fs::exists(to)) sync_to_disk(to);
  };
  if (!fs::exists(staged / kAside)) {
    move_all(state_dir, old);
    write_private(staged / kAside, "");
    sync_to_disk(staged);
  }
  move_all(staged, state_dir);
  fs::remove_all(staged);
  if (fs::exists(old)) std::printf("what was there before lies in %s\n", old.c_str());
}

}  // namespace croft::app

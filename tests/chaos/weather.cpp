// Preloaded into Croft: remembers what of its database was truly synced, for a power cut, moves its
// clock, and slows its disk down.
// SPDX-License-Identifier: Apache-2.0
//
// POWER_CUT_SHADOW=DIR: each croft.db* that is synced is brought up to date in DIR, and only then.
// So DIR holds what a disk holds that loses everything not synced. Memory maps are not watched: of
// SQLite's files only the -shm is one, and no power cut keeps it. CLOCK_SHIFT=FILE: eight bytes,
// the seconds by which the wall clock is off; it may change at any time. SYNC_DELAY_MS=N: each sync
// of any file takes that much longer.
#include <dlfcn.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include <atomic>
#include <cstdarg>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <map>
#include <mutex>
#include <string>
#include <vector>

namespace {

template <class F>
F* real(const char* name) {
  return reinterpret_cast<F*>(dlsym(RTLD_NEXT, name));
}

struct Range {
  off_t from;
  std::size_t length;
};

struct Disk {
  std::mutex mutex;
  std::map<int, std::string> paths;                 // open files that are watched
  std::map<std::string, std::vector<Range>> dirty;  // written and not synced
  const char* shadow = std::getenv("POWER_CUT_SHADOW");
};

Disk& disk() {
  static auto* one = new Disk;  // needed until the last sync, so never destroyed
  return *one;
}

std::string name_of(const std::string& path) { return path.substr(path.rfind('/') + 1); }

bool watched(const std::string& name) { return name == "croft.db" || name == "croft.db-wal"; }

void opened(int fd, const char* path) {
  if (fd < 0 || disk().shadow == nullptr || !watched(name_of(path))) return;
  const std::lock_guard lock(disk().mutex);
  disk().paths[fd] = path;
}

void wrote(int fd, off_t from, ssize_t length) {
  if (length <= 0 || disk().shadow == nullptr) return;
  const std::lock_guard lock(disk().mutex);
  const auto found = disk().paths.find(fd);
  if (found != disk().paths.end())
    disk().dirty[found->second].push_back({from, static_cast<std::size_t>(length)});
}

bool lies() { return ::access((std::string(disk().shadow) + "/lies").c_str(), F_OK) == 0; }

// Before a sync: so that a kill finds much that is written and not synced.
void take_time(int fd) {
  static const char* const delay_ms = std::getenv("SYNC_DELAY_MS");
  if (delay_ms != nullptr) ::usleep(static_cast<useconds_t>(std::atoi(delay_ms)) * 1000);
  if (disk().shadow == nullptr) return;
  {
    const std::lock_guard lock(disk().mutex);
    if (!disk().paths.contains(fd)) return;
  }
  ::usleep(10'000);
}

// After a sync that succeeded: what was written before is safe now.
void synced(int fd) {
  static auto* const plain_pwrite =
      real<ssize_t(int, const void*, std::size_t, off64_t)>("pwrite64");
  static auto* const plain_open = real<int(const char*, int, ...)>("open64");
  static auto* const plain_close = real<int(int)>("close");
  if (disk().shadow == nullptr) return;
  const std::lock_guard lock(disk().mutex);
  const auto found = disk().paths.find(fd);
  if (found == disk().paths.end() || lies()) return;
  const auto copy = std::string(disk().shadow) + "/" + name_of(found->second);
  const int to = plain_open(copy.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  std::vector<char> bytes;
  for (const auto& range : disk().dirty[found->second]) {
    bytes.resize(range.length);
    const auto got = pread(fd, bytes.data(), range.length, range.from);
    if (got <= 0 ||
        plain_pwrite(to, bytes.data(), static_cast<std::size_t>(got), range.from) != got)
      std::abort();
  }
  disk().dirty[found->second].clear();
  struct stat now{};
  if (fstat(fd, &now) != 0 || ::ftruncate(to, now.st_size) != 0) std::abort();
  plain_close(to);
}

std::int64_t shift() {
  static const volatile std::int64_t* const at = []() -> const volatile std::int64_t* {
    const char* file = std::getenv("CLOCK_SHIFT");
    if (file == nullptr) return nullptr;
    const int fd = ::open(file, O_RDONLY | O_CLOEXEC);
    void* mapped = mmap(nullptr, sizeof(std::int64_t), PROT_READ, MAP_SHARED, fd, 0);
    return mapped == MAP_FAILED ? nullptr : static_cast<const volatile std::int64_t*>(mapped);
  }
  ();
  return at == nullptr ? 0 : *at;
}

}  // namespace

extern "C" {

int open64(const char* path, int flags, ...) {
  static auto* const plain = real<int(const char*, int, ...)>("open64");
  va_list more;
  va_start(more, flags);
  const int fd = plain(path, flags, va_arg(more, mode_t));
  va_end(more);
  opened(fd, path);
  return fd;
}

int open(const char* path, int flags, ...) {
  va_list more;
  va_start(more, flags);
  const int fd = open64(path, flags, va_arg(more, mode_t));
  va_end(more);
  return fd;
}

int close(int fd) {
  static auto* const plain = real<int(int)>("close");
  if (disk().shadow != nullptr) {
    const std::lock_guard lock(disk().mutex);
    disk().paths.erase(fd);
  }
  return plain(fd);
}

ssize_t pwrite64(int fd, const void* bytes, std::size_t count, off64_t from) {
  static auto* const plain = real<ssize_t(int, const void*, std::size_t, off64_t)>("pwrite64");
  const auto done = plain(fd, bytes, count, from);
  wrote(fd, from, done);
  return done;
}

ssize_t pwrite(int fd, const void* bytes, std::size_t count, off_t from) {
  return pwrite64(fd, bytes, count, from);
}

int fsync(int fd) {
  static auto* const plain = real<int(int)>("fsync");
  take_time(fd);
  const int done = plain(fd);
  if (done == 0) synced(fd);
  return done;
}

int fdatasync(int fd) {
  static auto* const plain = real<int(int)>("fdatasync");
  take_time(fd);
  const int done = plain(fd);
  if (done == 0) synced(fd);
  return done;
}

int unlink(const char* path) {
  static auto* const plain = real<int(const char*)>("unlink");
  if (disk().shadow != nullptr && watched(name_of(path))) {
    plain((std::string(disk().shadow) + "/" + name_of(path)).c_str());
    const std::lock_guard lock(disk().mutex);
    disk().dirty.erase(path);
  }
  return plain(path);
}

int clock_gettime(clockid_t clock, struct timespec* into) {
  static auto* const plain = real<int(clockid_t, struct timespec*)>("clock_gettime");
  const int done = plain(clock, into);
  if (done == 0 && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE))
    into->tv_sec += shift();
  return done;
}

time_t time(time_t* into) {
  struct timespec now{};
  clock_gettime(CLOCK_REALTIME, &now);
  if (into != nullptr) *into = now.tv_sec;
  return now.tv_sec;
}

int gettimeofday(struct timeval* into, void*) {
  struct timespec now{};
  clock_gettime(CLOCK_REALTIME, &now);
  into->tv_sec = now.tv_sec;
  into->tv_usec = now.tv_nsec / 1000;
  return 0;
}
}

// Writing, reading and checking backups, piece by piece.
// SPDX-License-Identifier: Apache-2.0
#include "app/backup_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <iterator>
#include <stdexcept>

#include "base/json.hpp"
#include "security/digest.hpp"

namespace croft::app {
namespace {

constexpr double kFormat = 1;
constexpr std::size_t kPiece = 1 << 20;
constexpr std::uint64_t kMostManifest = 1 << 20;
constexpr std::size_t kHashDigits = 64;

[[noreturn]] void fail(const std::filesystem::path& file, const std::string& what) {
  throw std::runtime_error(file.string() + " " + what);
}

std::string json_of(const Manifest& manifest) {
  JsonWriter json;
  json.begin_object();
  json.member("croftBackup", kFormat);
  json.member("croft", manifest.croft);
  json.member("made", manifest.made);
  json.member("size", static_cast<double>(manifest.size));
  json.member("sha256", manifest.sha256);
  json.key("files").begin_array();
  for (const auto& [name, content] : manifest.files)
    json.value(name + ' ' + security::base64url(content));
  json.end_array().end_object();
  return std::move(json).str();
}

// "token.key <its bytes in base64url>"; without a name when it is not that.
Manifest::Kept file_from(const std::string& text) {
  const auto space = text.find(' ');
  if (space == std::string::npos) return {};
  const auto bytes = security::from_base64url(text.substr(space + 1));
  const bool outside = text.starts_with('/') || text.find("..") != std::string::npos;
  if (!bytes || outside) return {};
  return {text.substr(0, space), std::string(bytes->begin(), bytes->end())};
}

std::string tail_of(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary | std::ios::ate);
  if (!in) fail(file, "cannot be read");
  const auto size = static_cast<std::uint64_t>(in.tellg());
  const auto length = std::min(size, kMostManifest);
  in.seekg(static_cast<std::streamoff>(size - length));
  return {std::istreambuf_iterator<char>(in), {}};
}

// Calls `take` with each piece of the first `size` bytes.
template <class Take>
void each_piece(const std::filesystem::path& file, std::uint64_t size, const OnBytes& on_bytes,
                Take take) {
  std::ifstream in(file, std::ios::binary);
  std::string piece(kPiece, '\0');
  for (std::uint64_t done = 0; done < size;) {
    const auto wanted = std::min<std::uint64_t>(kPiece, size - done);
    in.read(piece.data(), static_cast<std::streamsize>(wanted));
    if (static_cast<std::uint64_t>(in.gcount()) != wanted) fail(file, "cannot be read to its end");
    take(std::string_view(piece).substr(0, wanted));
    done += wanted;
    if (on_bytes) on_bytes(done, size);
  }
}

}  // namespace

std::string sha256_of(const std::filesystem::path& file, std::uint64_t size,
                      const OnBytes& on_bytes) {
  security::Sha256 hash;
  each_piece(file, size, on_bytes, [&](std::string_view piece) { hash.add(piece); });
  return hash.hex();
}

void append_manifest(const std::filesystem::path& file, const Manifest& manifest) {
  const auto json = json_of(manifest);
  std::ofstream out(file, std::ios::binary | std::ios::app);
  out << '\n' << json << '\n' << security::sha256_hex(json) << '\n' << std::flush;
  if (!out) fail(file, "cannot be written; is the disk full?");
}

Manifest read_manifest(const std::filesystem::path& file) {
  const auto tail = tail_of(file);
  return parse_manifest(tail, std::filesystem::file_size(file), file);
}

Manifest parse_manifest(const std::string& tail, std::uint64_t file_size,
                        const std::filesystem::path& file) {
  const auto begin = tail.rfind("\n{\"croftBackup\":");
  if (begin == std::string::npos)
    fail(file, "is no backup of Croft, or its end is missing; take another one");
  const auto end = tail.find('\n', begin + 1);
  const auto json = tail.substr(begin + 1, end - begin - 1);
  if (end == std::string::npos || tail.substr(end + 1) != security::sha256_hex(json) + '\n')
    fail(file, "is damaged: its manifest is not what was written; take another backup");
  JsonFields in(json);
  Manifest manifest;
  const auto format = in.number("croftBackup");
  if (format != kFormat) fail(file, "was written by a newer Croft; install that version or newer");
  manifest.croft = in.text("croft", {.least = 1});
  manifest.made = in.text("made", {.least = 1});
  manifest.size = static_cast<std::uint64_t>(in.number("size"));
  manifest.sha256 = in.text("sha256", {.least = kHashDigits, .most = kHashDigits});
  for (const auto& text : in.texts("files", 100)) manifest.files.push_back(file_from(text));
  const auto unnamed = [](const Manifest::Kept& kept) { return kept.name.empty(); };
  if (in.error() || std::ranges::any_of(manifest.files, unnamed) || manifest.size > file_size)
    fail(file, "is damaged: its manifest cannot be understood; take another backup");
  return manifest;
}

void extract_database(const std::filesystem::path& backup, const Manifest& manifest,
                      const std::filesystem::path& to, const OnBytes& on_bytes) {
  write_private(to, "");
  std::ofstream out(to, std::ios::binary);
  security::Sha256 hash;
  each_piece(backup, manifest.size, on_bytes, [&](std::string_view piece) {
    hash.add(piece);
    if (!out.write(piece.data(), static_cast<std::streamsize>(piece.size())))
      fail(to, "cannot be written; is the disk full?");
  });
  if (!out.flush()) fail(to, "cannot be written; is the disk full?");
  if (hash.hex() != manifest.sha256)
    fail(backup, "is damaged: the database in it is not what was written; take another backup");
  sync_to_disk(to);
}

void write_private(const std::filesystem::path& file, const std::string& content) {
  const int descriptor = ::open(file.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  const bool written =
      descriptor >= 0 && ::fchmod(descriptor, 0600) == 0 &&
      ::write(descriptor, content.data(), content.size()) == static_cast<ssize_t>(content.size()) &&
      ::fsync(descriptor) == 0;
  const std::string why = std::strerror(errno);
  if (descriptor >= 0) ::close(descriptor);
  if (!written) fail(file, "cannot be written: " + why);
}

void sync_to_disk(const std::filesystem::path& file_or_directory) {
  const int descriptor = ::open(file_or_directory.c_str(), O_RDONLY | O_CLOEXEC);
  const bool synced = descriptor >= 0 && ::fsync(descriptor) == 0;
  const std::string why = std::strerror(errno);
  if (descriptor >= 0) ::close(descriptor);
  if (!synced) fail(file_or_directory, "cannot be brought to the disk: " + why);
}

}  // namespace croft::app

// The file that `croft backup` writes: a database, and behind it a manifest with the keys.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

namespace croft::app {

// The bytes of the database come first, so that SQLite's own tools open the file as it is; then a
// line feed, the manifest as one line of JSON, and a line with the SHA-256 of that JSON.
struct Manifest {
  struct Kept {
    std::string name;  // below the state directory: "token.key", "tls/ca.pem"
    std::string content;
  };
  std::string croft;  // the version that wrote it
  std::string made;   // RFC 3339
  std::uint64_t size = 0;
  std::string sha256;  // of the database
  std::vector<Kept> files;
};

// Bytes done, and of how many.
using OnBytes = std::function<void(std::uint64_t done, std::uint64_t of)>;

// Of the first `size` bytes of a file. Throws std::runtime_error.
std::string sha256_of(const std::filesystem::path& file, std::uint64_t size, const OnBytes&);

void append_manifest(const std::filesystem::path& file, const Manifest&);
// Throws std::runtime_error with one clear line when the file is no backup, is damaged or cut off,
// or is in a format that this version does not know. Does not look at the database.
Manifest read_manifest(const std::filesystem::path& file);
// The same of the end of a file; `file` is what complaints call it.
Manifest parse_manifest(const std::string& end, std::uint64_t file_size,
                        const std::filesystem::path& file);
// Writes the database of a backup to `to`, and throws std::runtime_error when it is not what the
// manifest says.
void extract_database(const std::filesystem::path& backup, const Manifest&,
                      const std::filesystem::path& to, const OnBytes&);

// A file for its owner alone, on disk when this returns.
void write_private(const std::filesystem::path& file, const std::string& content);
void sync_to_disk(const std::filesystem::path& file_or_directory);

}  // namespace croft::app

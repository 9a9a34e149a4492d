// The certificates that Croft makes itself: one authority, and what it has signed, in a folder.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "tls/certificate.hpp"

namespace croft::tls {

// state_dir/tls:
//   ca.pem          the authority, for everybody who shall trust it; during a change-over both
//   ca.key          its key, which signs; needed only to rotate, and better kept elsewhere
//   gateway.pem/.key  broker.pem/.key   the servers' certificates, with what is between them and ca
//   between.pem     during a change-over: the new authority signed by the old one
//   names           further names that a person gave, one a line
// Keys are for their owner alone (0600), and every file is written whole or not at all.
class Folder {
 public:
  explicit Folder(std::filesystem::path path) : path_(std::move(path)) {}

  bool made() const;
  // An authority and both servers' certificates, for this machine's names and `names` (as a person
  // writes them). Refuses when an authority is there already.
  void init(const std::vector<std::string>& names, Instant now) const;
  // New certificates and keys for both servers, under the same authority; `names` are added.
  void rotate(const std::vector<std::string>& names, Instant now) const;
  // The same under a new authority. The old one stays trusted in ca.pem and vouches for the new
  // one, so nobody is cut off who has only the old.
  void rotate_authority(const std::vector<std::string>& names, Instant now) const;
  // Ends the change-over: only the new authority is left.
  void finish(Instant now) const;

  std::filesystem::path authority() const { return path_ / "ca.pem"; }
  std::filesystem::path certificate_of(const std::string& server) const {
    return path_ / (server + ".pem");
  }
  std::filesystem::path key_of(const std::string& server) const {
    return path_ / (server + ".key");
  }
  bool changing_over() const;

 private:
  Pair own_authority() const;
  void must_be_made() const;
  std::vector<std::string> remember(const std::vector<std::string>& names) const;
  void make_servers(const Pair& authority, const std::vector<std::string>& names,
                    Instant now) const;

  std::filesystem::path path_;
};

// The whole of a file. Throws std::runtime_error that names it.
std::string text_of(const std::filesystem::path&);

// The first certificate of a file, with its key file checked to belong to it. Throws
// std::runtime_error that names the file at fault.
Certificate check_files(const std::filesystem::path& certificate, const std::filesystem::path& key);

}  // namespace croft::tls

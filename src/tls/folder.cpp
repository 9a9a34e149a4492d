// Makes, renews and changes over the certificates of the folder.
// SPDX-License-Identifier: Apache-2.0
#include "tls/folder.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <iterator>
#include <stdexcept>

#include "tls/machine.hpp"
#include "tls/provider.hpp"

namespace croft::tls {
namespace {

constexpr const char* kServers[] = {"gateway", "broker"};

void write_file(const std::filesystem::path& path, const std::string& text, mode_t mode) {
  const auto fresh = path.string() + ".new";
  ::unlink(fresh.c_str());
  const int file = ::open(fresh.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
  bool whole = file >= 0 && ::fchmod(file, mode) == 0;
  whole = whole && ::write(file, text.data(), text.size()) == static_cast<ssize_t>(text.size()) &&
          ::fsync(file) == 0;
  const std::string why = std::strerror(errno);
  if (file >= 0) ::close(file);
  if (!whole || ::rename(fresh.c_str(), path.c_str()) != 0) {
    ::unlink(fresh.c_str());
    throw std::runtime_error("cannot write " + path.string() + ": " + why);
  }
}

void write_public(const std::filesystem::path& path, const std::string& text) {
  write_file(path, text, 0644);
}
void write_private(const std::filesystem::path& path, const std::string& text) {
  write_file(path, text, 0600);
}

// The names differ, so that nobody takes one authority for the other.
Pair new_authority(const std::vector<std::string>& names, Instant now) {
  return provider().make_authority(
      {"Croft at " + host_name().substr(0, 30) + ", " + format_instant(now), permitted_for(names),
       now});
}

std::string first_block(const std::string& pem) {
  constexpr std::string_view kEnd = "-----END CERTIFICATE-----\n";
  const auto end = pem.find(kEnd);
  return end == std::string::npos ? pem : pem.substr(0, end + kEnd.size());
}

}  // namespace

std::string text_of(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  if (!in) throw std::runtime_error("cannot read " + path.string() + ": " + std::strerror(errno));
  return {std::istreambuf_iterator<char>(in), {}};
}

Certificate check_files(const std::filesystem::path& certificate,
                        const std::filesystem::path& key) {
  const Pair pair{text_of(certificate), text_of(key)};
  Certificate first;
  try {
    first = provider().read(pair.certificate).front();
  } catch (const std::runtime_error& error) {
    throw std::runtime_error(certificate.string() + ": " + error.what());
  }
  try {
    if (!provider().belong(pair))
      throw std::runtime_error("the key is not that of the certificate in " + certificate.string());
  } catch (const std::runtime_error& error) {
    throw std::runtime_error(key.string() + ": " + error.what());
  }
  return first;
}

bool Folder::made() const { return std::filesystem::exists(authority()); }

bool Folder::changing_over() const { return std::filesystem::exists(path_ / "between.pem"); }

void Folder::must_be_made() const {
  if (!made())
    throw std::runtime_error("there is no authority in " + path_.string() +
                             " yet; make one with: croft tls init");
}

Pair Folder::own_authority() const {
  must_be_made();
  const auto key = path_ / "ca.key";
  if (!std::filesystem::exists(key))
    throw std::runtime_error("the key of the authority, " + key.string() +
                             ", is not there; put it back to renew certificates");
  return {first_block(text_of(authority())), text_of(key)};
}

std::vector<std::string> Folder::remember(const std::vector<std::string>& names) const {
  std::vector<std::string> given;
  std::ifstream in(path_ / "names");
  for (std::string line; std::getline(in, line);)
    if (!line.empty()) given.push_back(line);
  std::vector<std::string> all = names_of_this_machine();
  for (const auto& name : names)
    if (std::ranges::find(given, name) == given.end()) given.push_back(name);
  std::string text;
  for (const auto& name : given) {
    const auto written = certificate_name(name);
    if (std::ranges::find(all, written) == all.end()) all.push_back(written);
    text += name + "\n";
  }
  write_public(path_ / "names", text);
  return all;
}

void Folder::make_servers(const Pair& authority, const std::vector<std::string>& names,
                          Instant now) const {
  std::vector<Pair> made;
  for (const auto* server : kServers)
    made.push_back(
        provider().make_server({std::string("Croft's ") + server, names, now}, authority));
  const auto between = changing_over() ? text_of(path_ / "between.pem") : "";
  for (std::size_t i = 0; i < made.size(); ++i) {
    write_private(key_of(kServers[i]), made[i].key);
    write_public(certificate_of(kServers[i]), made[i].certificate + between);
  }
}

void Folder::init(const std::vector<std::string>& names, Instant now) const {
  if (made())
    throw std::runtime_error("there is an authority in " + path_.string() +
                             " already, and what trusts it would stop to; renew its certificates "
                             "with: croft tls rotate");
  for (const auto& name : names) certificate_name(name);
  std::error_code error;
  std::filesystem::create_directories(path_, error);
  if (error) throw std::runtime_error("cannot make " + path_.string() + ": " + error.message());
  const auto all = remember(names);
  const auto authority = new_authority(all, now);
  make_servers(authority, all, now);
  write_private(path_ / "ca.key", authority.key);
  write_public(this->authority(), authority.certificate);  // last: it says that all is there
}

void Folder::rotate(const std::vector<std::string>& names, Instant now) const {
  const auto authority = own_authority();
  for (const auto& name : names) certificate_name(name);
  make_servers(authority, remember(names), now);
}

void Folder::rotate_authority(const std::vector<std::string>& names, Instant now) const {
  if (changing_over())
    throw std::runtime_error(
        "a change to a new authority is under way already; end it with: croft tls rotate --finish");
  const auto older = own_authority();
  for (const auto& name : names) certificate_name(name);
  const auto all = remember(names);
  const auto newer = new_authority(all, now);
  write_public(path_ / "between.pem", provider().cross_sign(newer.certificate, older, now));
  write_private(path_ / "ca.key", newer.key);
  write_public(authority(), newer.certificate + older.certificate);
  make_servers(newer, all, now);
}

void Folder::finish(Instant now) const {
  const auto authority = own_authority();
  if (!changing_over()) throw std::runtime_error("no change to a new authority is under way");
  std::filesystem::remove(path_ / "between.pem");
  write_public(this->authority(), authority.certificate);
  make_servers(authority, remember({}), now);
}

}  // namespace croft::tls

// Tests of the certificates that Croft makes: what is in them, who may read them, how they change.
// SPDX-License-Identifier: Apache-2.0
#include "tls/folder.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <algorithm>
#include <cstdlib>

#include "tls/machine.hpp"
#include "tls/provider.hpp"
#include "tls/test_talk.hpp"

namespace croft::tls {
namespace {

const Instant kNow = std::chrono::floor<Seconds>(SystemClock().now());
constexpr auto kDay = std::chrono::hours(24);

unsigned mode_of(const std::filesystem::path& path) {
  struct stat about{};
  EXPECT_EQ(::stat(path.c_str(), &about), 0) << path;
  return about.st_mode & 0777U;
}

std::vector<Certificate> read(const std::filesystem::path& path) {
  return provider().read(text_of(path));
}

Pair pair_of(const Folder& folder, const std::string& server) {
  return {text_of(folder.certificate_of(server)), text_of(folder.key_of(server))};
}

// Whether a client that trusts only `ca_file` believes the folder's broker as `host`.
std::string talk(const std::filesystem::path& ca_file, const Folder& folder,
                 const std::string& host = "localhost") {
  return shake(*provider().client(ca_file.string()), *provider().server(pair_of(folder, "broker")),
               host);
}

struct TlsFolder : testing::Test {
  TestFolder directory;
  Folder folder{directory.path / "tls"};
};

TEST_F(TlsFolder, HasAnAuthorityAndCertificatesForBothServers) {
  folder.init({"croft.example.org", "198.51.100.7"}, kNow);
  const auto authority = read(folder.authority());
  ASSERT_EQ(authority.size(), 1U);
  EXPECT_TRUE(authority[0].authority);
  EXPECT_EQ(authority[0].ends - kNow, kDay * 3650);
  for (const auto* server : {"gateway", "broker"}) {
    const auto one = check_files(folder.certificate_of(server), folder.key_of(server));
    EXPECT_FALSE(one.authority);
    EXPECT_EQ(one.issuer, authority[0].subject);
    EXPECT_LE(one.ends - one.begins, kDay * 397) << "browsers refuse more";
    for (const auto* name :
         {"DNS:localhost", "IP:127.0.0.1", "DNS:croft.example.org", "IP:198.51.100.7"})
      EXPECT_NE(std::ranges::find(one.names, name), one.names.end()) << name;
    EXPECT_EQ(one.fingerprint.size(), 32U * 3 - 1);
  }
}

TEST_F(TlsFolder, KeepsItsKeysToTheirOwner) {
  folder.init({}, kNow);
  EXPECT_EQ(mode_of(directory.path / "tls/ca.key"), 0600U);
  EXPECT_EQ(mode_of(folder.key_of("gateway")), 0600U);
  EXPECT_EQ(mode_of(folder.key_of("broker")), 0600U);
  EXPECT_EQ(mode_of(folder.authority()), 0644U);
}

TEST_F(TlsFolder, RefusesToOverwriteAnAuthority) {
  folder.init({}, kNow);
  const auto before = text_of(folder.authority());
  EXPECT_THROW(folder.init({}, kNow), std::runtime_error);
  EXPECT_EQ(text_of(folder.authority()), before);
}

TEST_F(TlsFolder, IsTrustedByItsNamesOnly) {
  folder.init({"croft.example.org"}, kNow);
  EXPECT_EQ(talk(folder.authority(), folder), "");
  EXPECT_EQ(talk(folder.authority(), folder, "127.0.0.1"), "");
  EXPECT_EQ(talk(folder.authority(), folder, "croft.example.org"), "");
  EXPECT_NE(talk(folder.authority(), folder, "other.example.org").find("but for localhost"),
            std::string::npos);
  EXPECT_NE(talk(folder.authority(), folder, "192.0.2.1").find("is not for 192.0.2.1"),
            std::string::npos);
}

TEST_F(TlsFolder, RenewsTheServersUnderTheSameAuthority) {
  folder.init({"croft.example.org"}, kNow);
  const auto authority = text_of(folder.authority());
  const auto before = pair_of(folder, "broker");
  folder.rotate({"croft.lan"}, kNow + kDay);
  EXPECT_EQ(text_of(folder.authority()), authority);
  const auto after = check_files(folder.certificate_of("broker"), folder.key_of("broker"));
  EXPECT_NE(pair_of(folder, "broker").key, before.key);
  EXPECT_EQ(after.ends - kNow, kDay * 397);
  for (const auto* name : {"DNS:croft.example.org", "DNS:croft.lan"})
    EXPECT_NE(std::ranges::find(after.names, name), after.names.end()) << name;
  EXPECT_EQ(talk(folder.authority(), folder, "croft.lan"), "");
}

TEST_F(TlsFolder, ChangesItsAuthorityWithoutCuttingAnybodyOff) {
  folder.init({}, kNow);
  const auto old_only = directory.path / "old.pem";
  std::filesystem::copy_file(folder.authority(), old_only);
  folder.rotate_authority({}, kNow);
  EXPECT_EQ(read(folder.authority()).size(), 2U);
  EXPECT_EQ(talk(old_only, folder), "") << "who has only the old authority";
  EXPECT_EQ(talk(folder.authority(), folder), "") << "who has both";
  EXPECT_THROW(folder.rotate_authority({}, kNow), std::runtime_error) << "one change at a time";
  folder.rotate({}, kNow);
  EXPECT_EQ(talk(old_only, folder), "") << "still, after a renewal";

  folder.finish(kNow);
  EXPECT_EQ(read(folder.authority()).size(), 1U);
  EXPECT_EQ(talk(folder.authority(), folder), "");
  EXPECT_NE(talk(old_only, folder), "") << "the old one is out";
  EXPECT_THROW(folder.finish(kNow), std::runtime_error);
}

TEST_F(TlsFolder, HasAnAuthorityThatCanVouchForNobodyElse) {
  folder.init({}, kNow);
  EXPECT_THROW(folder.rotate({"bank.example"}, kNow), std::runtime_error);
  EXPECT_EQ(talk(folder.authority(), folder), "") << "nothing has changed";
  folder.rotate_authority({"bank.example"}, kNow);
  EXPECT_EQ(talk(folder.authority(), folder, "bank.example"), "");
}

TEST_F(TlsFolder, TellsKeysThatDoNotBelong) {
  folder.init({}, kNow);
  EXPECT_THROW(check_files(folder.certificate_of("broker"), folder.key_of("gateway")),
               std::runtime_error);
  EXPECT_THROW(check_files(folder.key_of("broker"), folder.key_of("broker")), std::runtime_error);
  EXPECT_THROW(check_files(directory.path / "none", folder.key_of("broker")), std::runtime_error);
}

TEST_F(TlsFolder, NeedsTheAuthoritysKeyToRenew) {
  EXPECT_THROW(folder.rotate({}, kNow), std::runtime_error);
  folder.init({}, kNow);
  std::filesystem::remove(directory.path / "tls/ca.key");
  EXPECT_THROW(folder.rotate({}, kNow), std::runtime_error);
}

TEST(TlsNames, AreCheckedBeforeTheyAreWritten) {
  EXPECT_EQ(certificate_name("croft.local"), "DNS:croft.local");
  EXPECT_EQ(certificate_name("*.example.org"), "DNS:*.example.org");
  EXPECT_EQ(certificate_name("192.168.1.7"), "IP:192.168.1.7");
  EXPECT_EQ(certificate_name("2001:db8::7"), "IP:2001:db8::7");
  for (const auto* bad : {"", "a,DNS:bank.example", "a b", "-a", "a..b", "https://x", "a\n"})
    EXPECT_THROW(certificate_name(bad), std::runtime_error) << bad;
}

TEST(TlsNames, OfThisMachineAreUsable) {
  const auto names = names_of_this_machine();
  EXPECT_NE(std::ranges::find(names, "DNS:localhost"), names.end());
  for (const auto& name : names) EXPECT_TRUE(name.starts_with("DNS:") || name.starts_with("IP:"));
}

}  // namespace
}  // namespace croft::tls

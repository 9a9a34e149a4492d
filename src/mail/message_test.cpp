// Tests of messages: what a mail program reads is what was meant, whatever was put in.
// SPDX-License-Identifier: Apache-2.0
#include "mail/message.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <stdexcept>
#include <vector>

#include "mail/letter.hpp"
#include "mail/wording.hpp"

namespace croft::mail {
namespace {

const Instant kNoon = *parse_instant("2026-11-22T11:00:07Z");

Message message(std::string subject, std::string text = "Hello\n") {
  return {{"", "croft@example.org"},
          "ada@example.org",
          std::move(subject),
          std::move(text),
          "<1.x@example.org>",
          kNoon,
          "Europe/Paris"};
}

std::vector<std::string> lines(const std::string& text) {
  std::vector<std::string> all;
  for (std::size_t at = 0; at < text.size();) {
    const auto end = text.find("\r\n", at);
    all.push_back(text.substr(at, end - at));
    at = end == std::string::npos ? text.size() : end + 2;
  }
  return all;
}

// The names of the headers, in order.
std::vector<std::string> headers(const std::string& text) {
  std::vector<std::string> names;
  for (const auto& line : lines(text.substr(0, text.find("\r\n\r\n"))))
    if (!line.empty() && line[0] != ' ') names.push_back(line.substr(0, line.find(':')));
  return names;
}

const std::vector<std::string> kHeaders = {"Date",
                                           "From",
                                           "To",
                                           "Message-ID",
                                           "Subject",
                                           "MIME-Version",
                                           "Content-Type",
                                           "Content-Transfer-Encoding",
                                           "Auto-Submitted",
                                           "X-Auto-Response-Suppress"};

}  // namespace

TEST(Message, SaysADateInTheReadersZone) {
  EXPECT_EQ(lines(write_message(message("x")))[0], "Date: Sun, 22 Nov 2026 12:00:07 +0100");
  auto summer = message("x");
  summer.date = *parse_instant("2026-07-01T00:30:00Z");
  EXPECT_EQ(lines(write_message(summer))[0], "Date: Wed, 01 Jul 2026 02:30:00 +0200");
  summer.timezone = "Mars/Olympus";
  EXPECT_EQ(lines(write_message(summer))[0], "Date: Wed, 01 Jul 2026 00:30:00 +0000");
}

TEST(Message, LeavesAPlainSubjectReadable) {
  const auto text = write_message(message("Bed 2: soil moisture 281, below 300"));
  EXPECT_NE(text.find("\r\nSubject: Bed 2: soil moisture 281, below 300\r\n"), std::string::npos);
  EXPECT_EQ(headers(text), kHeaders);
}

TEST(Message, EncodesWhatIsNotAscii) {
  EXPECT_EQ(header_text("Gew\xC3\xA4"
                        "chshaus 30 \xC2\xB0"
                        "C",
                        9),
            "=?utf-8?Q?Gew=C3=A4chshaus_30_=C2=B0C?=");
  EXPECT_EQ(header_text("not =?utf-8?Q?encoded?=", 9),
            "=?utf-8?Q?not_=3D=3Futf=2D8=3FQ=3Fencoded=3F=3D?=");
  EXPECT_EQ(header_text("a\xFF"
                        "b",
                        9),
            "=?utf-8?Q?a=EF=BF=BDb?=");
}

TEST(Message, FoldsLongHeadersAndNeverCutsACharacter) {
  std::string umlauts;
  for (int i = 0; i < 140; ++i) umlauts += "\xC3\xBC";
  const auto text = header_text(umlauts, 9);
  std::string decoded;
  for (auto line : lines(text)) {
    EXPECT_LE(line.size(), 76U);
    if (line[0] == ' ') line.erase(0, 1);
    ASSERT_TRUE(line.starts_with("=?utf-8?Q?") && line.ends_with("?="));
    const auto payload = line.substr(10, line.size() - 12);
    EXPECT_EQ(payload.size() % 6, 0U) << "a character was cut: " << line;
    for (std::size_t i = 0; i < payload.size(); i += 6)
      decoded += payload.substr(i, 6) == "=C3=BC" ? "\xC3\xBC" : "?";
  }
  EXPECT_EQ(decoded, umlauts);
  for (const auto& line : lines(header_text(std::string(30, 'a') + " " + std::string(60, 'b'), 9)))
    EXPECT_LE(line.size(), 76U);
}

TEST(Message, LetsNoHeaderInWhateverANameHolds) {
  const std::vector<std::string> attempts = {"Bed\r\nBcc: all@example.org",
                                             "Bed\nBcc: all@example.org\n\nBody",
                                             "Bed\rBcc: all@example.org",
                                             "Bed\r\n\r\n<script>",
                                             std::string("Bed\0\r\nBcc: x@y", 15),
                                             "Bed\xE2\x80\xA8"
                                             "Bcc: all@example.org",
                                             "Bed\xC2\x85"
                                             "Bcc: all@example.org",
                                             "\r\n.\r\nMAIL FROM:<x@y>",
                                             "Bed\x0B\x0C\x1C\x1D"
                                             "Bcc: x@y"};
  for (const auto& attempt : attempts) {
    auto hostile = message(attempt, attempt);
    hostile.from.name = attempt;
    const auto text = write_message(hostile);
    EXPECT_EQ(headers(text), kHeaders) << attempt;
    for (const auto& line : lines(text)) {
      EXPECT_LE(line.size(), 76U);
      EXPECT_FALSE(line.starts_with("."));
      EXPECT_TRUE(std::all_of(line.begin(), line.end(), [](char c) {
        return (c >= ' ' && c < 0x7F) || c == '\t';
      })) << line;
    }
  }
}

TEST(Message, RefusesAddressesThatWereNotChecked) {
  auto hostile = message("x");
  hostile.to = "a@b.c>\r\nRCPT TO:<all@example.org";
  EXPECT_THROW(write_message(hostile), std::logic_error);
}

TEST(Message, WritesTheBodyInQuotedPrintable) {
  const auto text = write_message(
      message("x", "1 = 1 \xC2\xB0\n.\nends with a space \n" + std::string(100, 'x') + "\nlast"));
  const auto body = text.substr(text.find("\r\n\r\n") + 4);
  EXPECT_EQ(body, "1 =3D 1 =C2=B0\r\n=2E\r\nends with a space=20\r\n" + std::string(75, 'x') +
                      "=\r\n" + std::string(25, 'x') + "\r\nlast\r\n");
}

TEST(Message, CutsASubjectThatNoPhoneShows) {
  const auto subject = header_text(std::string(10'000, 'x'), 9);
  EXPECT_LT(subject.size(), 300U);
  EXPECT_TRUE(subject.ends_with("=E2=80=A6?="));
}

TEST(Address, KnowsWhatCanStandInAHeader) {
  EXPECT_TRUE(is_address("ada@example.org"));
  EXPECT_TRUE(is_address("ada+beds@mail.example.org"));
  EXPECT_TRUE(is_address("root@localhost"));
  for (const auto* wrong :
       {"", "ada", "@x", "a@", "a@b@c", "a b@c.d", "a@b\r\n", "a\n@b.c", "<a@b.c>", "a,b@c.d",
        "\"a\"@b.c", "a@b..c", "-a@b.c", "\xC3\xA4@b.c", "a@b c"})
    EXPECT_FALSE(is_address(wrong)) << wrong;
}

TEST(Address, ReadsMailboxes) {
  EXPECT_EQ(parse_mailbox("croft@example.org")->address, "croft@example.org");
  const auto named = parse_mailbox("\"Greenhouse\" <croft@example.org>");
  EXPECT_EQ(named->name, "Greenhouse");
  EXPECT_EQ(named->address, "croft@example.org");
  EXPECT_FALSE(parse_mailbox("Greenhouse"));
  EXPECT_FALSE(parse_mailbox("Greenhouse <croft>"));
}

TEST(Address, ReadsServers) {
  const auto server = parse_server("smtp://ada%40example.org:p%3Ass@mail.example.org:2525");
  ASSERT_TRUE(server);
  EXPECT_FALSE(server->tls);
  EXPECT_EQ(server->host, "mail.example.org");
  EXPECT_EQ(server->port, 2525);
  EXPECT_EQ(server->username, "ada@example.org");
  EXPECT_EQ(server->password, "p:ss");
  EXPECT_EQ(parse_server("smtps://mail.example.org")->port, 465);
  EXPECT_EQ(parse_server("smtp://mail.example.org/")->port, 587);
  EXPECT_EQ(parse_server("smtp://[::1]:25")->host, "::1");
  EXPECT_TRUE(parse_server("smtp://[::1]:25")->is_loopback());
  EXPECT_TRUE(parse_server("smtp://127.0.0.1")->is_loopback());
  EXPECT_FALSE(parse_server("smtp://127.0.0.1.example.org")->is_loopback());
  for (const auto* wrong :
       {"mail.example.org", "smtp://", "smtp://a:b@", "smtp://host:port", "smtp://host:0",
        "smtp://us%0Aer:x@host", "smtp://us%zz@host", "smtp://ho st", "smtp://:x@host"}) {
    const auto read = parse_server(wrong);
    EXPECT_FALSE(read) << wrong;
  }
}

TEST(Wording, TellsAnAlertInOneLine) {
  AlertFacts facts;
  facts.device = "Bed 2";
  facts.measurement = "soilMoisture";
  facts.value = 281;
  facts.condition = "below 300";
  facts.command = "Pump: valve on for 10 min";
  facts.fired = kNoon;
  facts.timezone = "Europe/Paris";
  const auto words = words_of(facts);
  EXPECT_EQ(words.subject, "Bed 2: soil moisture 281, below 300");
  EXPECT_EQ(words.text,
            "Device: Bed 2\nMeasurement: soil moisture\nValue: 281\nCondition: below 300\n"
            "Since: Sun 22 Nov 2026 12:00:07 CET\nCommand sent: Pump: valve on for 10 min\n");
  facts.cleared = kNoon + std::chrono::minutes(5);
  facts.value = 320;
  EXPECT_EQ(words_of(facts).subject, "Bed 2: soil moisture 320, no longer below 300");
  facts.cleared.reset();
  facts.value.reset();
  facts.condition = "no data for 10 min";
  EXPECT_EQ(words_of(facts).subject, "Bed 2: soil moisture no data for 10 min");
}

TEST(Letter, TellsManyByCountsAndFirstLines) {
  Bundle bundle;
  for (int i = 0; i < kMostTold; ++i)
    bundle.first.push_back({"Bed " + std::to_string(i), "text", "alert", "UTC", kNoon});
  bundle.kinds = {{"alert", 990}, {"cleared", 10}};
  bundle.kept = 1000;
  bundle.mails = 12'345;
  bundle.newest = kNoon + std::chrono::minutes(1);
  const auto letter = draft(bundle, "https://croft.example.org");
  EXPECT_EQ(letter.subject, "Bed 0 (and 12,344 more)");
  EXPECT_TRUE(letter.text.starts_with(
      "12,345 messages between Sun 22 Nov 2026 11:00:07 UTC and Sun 22 Nov 2026 11:01:07 UTC.\n"
      "Of the first 1,000: 990 alerts, 10 cleared. The others were only counted.\n"));
  EXPECT_NE(letter.text.find("- Bed 19\n"), std::string::npos);
  EXPECT_TRUE(letter.text.ends_with("... and 12,325 more.\n\nhttps://croft.example.org\n"));
}

}  // namespace croft::mail

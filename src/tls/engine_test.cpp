// Tests of TLS without a socket: bytes get across whole, and a wrong certificate is told in words.
// SPDX-License-Identifier: Apache-2.0
#include "tls/engine.hpp"

#include <gtest/gtest.h>

#include <fstream>

#include "tls/folder.hpp"
#include "tls/provider.hpp"
#include "tls/test_talk.hpp"

namespace croft::tls {
namespace {

const Instant kNow = std::chrono::floor<Seconds>(SystemClock().now());
constexpr auto kDay = std::chrono::hours(24);

struct TlsEngine : testing::Test {
  TlsEngine() { std::ofstream(ca_file) << authority.certificate; }

  std::shared_ptr<Context> server(Instant at = kNow) const {
    return provider().server(
        provider().make_server({"a server", {"DNS:localhost"}, at}, authority));
  }
  std::shared_ptr<Context> client() const { return provider().client(ca_file.string()); }

  TestFolder directory;
  std::filesystem::path ca_file = directory.path / "ca.pem";
  Pair authority = provider().make_authority({"a test authority", {}, kNow - kDay * 500});
};

TEST_F(TlsEngine, GetsBytesAcrossWhole) {
  Talk talk(*client(), *server(), "localhost");
  talk.shake();
  std::string sent;
  for (int i = 0; i < 100'000; ++i) sent += std::to_string(i);
  std::string got;
  for (std::size_t at = 0; at < sent.size(); at += 10'000) {
    talk.client->write(std::string_view(sent).substr(at, 10'000));
    std::string wire;
    talk.client->give(wire);
    EXPECT_EQ(wire.find("99998"), std::string::npos) << "nothing is sent in the clear";
    for (std::size_t byte = 0; byte < wire.size(); byte += 777) {  // in whatever pieces
      talk.server->take(std::string_view(wire).substr(byte, 777));
      char room[1000];
      while (const auto size = talk.server->read(room, sizeof room)) got.append(room, size);
    }
  }
  EXPECT_EQ(got, sent);
}

TEST_F(TlsEngine, KnowsAnOrderlyEnd) {
  Talk talk(*client(), *server(), "localhost");
  talk.shake();
  talk.server->write("bye");
  talk.server->close();
  pass(*talk.server, *talk.client);
  char room[100];
  EXPECT_EQ(talk.client->read(room, sizeof room), 3U);
  EXPECT_TRUE(talk.client->ended());
}

TEST_F(TlsEngine, SaysWhatIsWrongWithACertificate) {
  EXPECT_EQ(shake(*client(), *server(), "localhost"), "");
  EXPECT_NE(shake(*client(), *server(kNow - kDay * 400), "localhost").find("has expired"),
            std::string::npos);
  EXPECT_NE(shake(*client(), *server(kNow + kDay * 10), "localhost").find("not valid before"),
            std::string::npos);
  EXPECT_NE(shake(*client(), *server(), "elsewhere").find("not for elsewhere but for localhost"),
            std::string::npos);
  std::ofstream(ca_file) << provider().make_authority({"another", {}, kNow}).certificate;
  const auto stranger = shake(*client(), *server(), "localhost");
  EXPECT_NE(stranger.find("not trusted here («a test authority»)"), std::string::npos) << stranger;
  EXPECT_NE(stranger.find("ca_file"), std::string::npos) << stranger;
}

TEST_F(TlsEngine, SaysThatTheOtherSideSpeaksNoTls) {
  const auto engine = client()->connection("localhost");
  EXPECT_FALSE(engine->shake_hands());
  engine->take("HTTP/1.1 400 Bad Request\r\n\r\n");
  try {
    engine->shake_hands();
    FAIL();
  } catch (const Failed& failure) {
    EXPECT_NE(std::string(failure.what()).find("no TLS"), std::string::npos) << failure.what();
  }
}

TEST_F(TlsEngine, SurvivesNonsense) {
  Talk talk(*client(), *server(), "localhost");
  talk.shake();
  talk.client->take(std::string(1000, 'x'));
  char room[100];
  EXPECT_THROW(talk.client->read(room, sizeof room), Failed);
}

TEST_F(TlsEngine, TellsAFileWithoutAuthorities) {
  std::ofstream(ca_file) << "nothing\n";
  EXPECT_THROW(client(), std::runtime_error);
  EXPECT_THROW(provider().client((directory.path / "none.pem").string()), std::runtime_error);
  EXPECT_THROW(
      provider().server({authority.certificate, provider().make_authority({"b", {}, kNow}).key}),
      std::runtime_error);
}

}  // namespace
}  // namespace croft::tls

// Tests of addresses, their error texts, the administration socket, proxies and the client.
// SPDX-License-Identifier: Apache-2.0
#include "http/listen.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>

#include "http/client.hpp"
#include "http/proxies.hpp"
#include "http/test_server.hpp"

namespace croft::http {
namespace {

using test::RawClient;
using test::TestServer;

std::string complaint(const std::function<void()>& what) {
  try {
    what();
  } catch (const std::runtime_error& error) {
    return error.what();
  }
  return "";
}

void whoami(Router& router) {
  router.add(
      Method::get, "/whoami",
      [](Request& request) -> Task<Response> { co_return Response::json(request.remote); },
      Access::open);
  router.add(
      Method::post, "/admin",
      [](Request& request) -> Task<Response> { co_return Response::json(request.body, 201); },
      Access::local);
}

class LocalSocket : public testing::Test {
 protected:
  LocalSocket() {
    char name[] = "/tmp/croft-http-XXXXXX";
    directory = ::mkdtemp(name);
    path = directory / "croft.sock";
  }
  ~LocalSocket() override { std::filesystem::remove_all(directory); }

  std::filesystem::path directory;
  std::filesystem::path path;
};

}  // namespace

TEST(ListenAddress, IsHostAndPort) {
  EXPECT_EQ(parse_listen_address("127.0.0.1:8080").port, 8080);
  EXPECT_EQ(parse_listen_address("localhost:1").host.to_string(), "127.0.0.1");
  EXPECT_EQ(parse_listen_address("[::1]:0").host.to_string(), "::1");
  EXPECT_EQ(parse_listen_address(":80").host.to_string(), "::");
  for (const auto* text : {"", "8080", "127.0.0.1", "127.0.0.1:", "127.0.0.1:x", "127.0.0.1:65536",
                           "example.org:80", "::1:80", "127.0.0.1:80 "})
    EXPECT_NE(complaint([&] { parse_listen_address(text); }).find("is not an address to listen on"),
              std::string::npos)
        << text;
}

TEST(Listen, SaysWhatToDoWhenThePortIsTaken) {
  TestServer server(whoami);
  const auto port = std::to_string(server.port);
  std::string why;
  server.on_loop([&] { why = complaint([&] { server.server().listen("127.0.0.1:" + port); }); });
  EXPECT_EQ(why, "HTTP port " + port +
                     " on 127.0.0.1 is already taken by another program; stop it or choose another "
                     "with --http-listen / [http] listen");
  server.on_loop([&] { why = complaint([&] { server.server().listen("192.0.2.1:0"); }); });
  EXPECT_NE(why.find("is not an address of this machine"), std::string::npos) << why;
}

TEST_F(LocalSocket, IsForTheOwnerAndCalledLocal) {
  TestServer server(whoami);
  server.on_loop([&] { server.server().listen_local(path); });
  struct stat info{};
  ASSERT_EQ(::stat(path.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0600U);

  const auto client = Client::local(path);
  EXPECT_EQ(client.request(Method::get, "/whoami")->body, "local");
  const auto added = client.request(Method::post, "/admin", "{}");
  EXPECT_EQ(added->status, 201);
  EXPECT_EQ(added->body, "{}");
  EXPECT_EQ(Client::tcp("127.0.0.1", server.port).request(Method::post, "/admin", "{}")->status,
            404);
}

TEST_F(LocalSocket, ReplacesAStaleFileButNoLiveServer) {
  asio::io_context loop;
  {
    const auto stale = open_local(loop.get_executor(), path);
  }
  ASSERT_TRUE(std::filesystem::exists(path));
  TestServer server(whoami);
  server.on_loop([&] { server.server().listen_local(path); });
  EXPECT_EQ(Client::local(path).request(Method::get, "/whoami")->status, 200);
  EXPECT_NE(complaint([&] {
              open_local(loop.get_executor(), path);
            }).find("another Croft already answers"),
            std::string::npos);
  EXPECT_EQ(Client::local(path).request(Method::get, "/whoami")->status, 200);
}

TEST_F(LocalSocket, IsGoneAfterTheServer) {
  {
    TestServer server(whoami);
    server.on_loop([&] { server.server().listen_local(path); });
  }
  EXPECT_FALSE(std::filesystem::exists(path));
  const auto answer = Client::local(path).request(Method::get, "/");
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, Code::unavailable);
}

TEST_F(LocalSocket, StandsInNoDirectoryThatOthersWrite) {
  asio::io_context loop;
  const auto open = [&](const std::filesystem::path& at) {
    return complaint([&] { open_local(loop.get_executor(), at); });
  };
  std::filesystem::permissions(directory, std::filesystem::perms::all);
  EXPECT_NE(open(path).find("other users can write into"), std::string::npos);
  std::filesystem::permissions(directory, std::filesystem::perms::owner_all);
  std::ofstream(path) << "a file";
  EXPECT_NE(open(path).find("is not a socket"), std::string::npos);
  EXPECT_NE(open(directory / "none" / "croft.sock").find("does not exist"), std::string::npos);
  EXPECT_NE(open(directory / std::string(120, 'a')).find("107 bytes"), std::string::npos);
}

TEST(Proxies, GiveTheLastHopThatIsNotOneOfThem) {
  const TrustedProxies proxies({"127.0.0.1", "10.0.0.0/8", "::1"});
  const auto remote = [&](std::string from, std::string_view forwarded) {
    Request request;
    request.remote = std::move(from);
    request.headers.add("X-Forwarded-For", std::string(forwarded));
    proxies.apply(request);
    return request.remote;
  };
  EXPECT_EQ(remote("127.0.0.1", "192.0.2.7"), "192.0.2.7");
  EXPECT_EQ(remote("127.0.0.1", "6.6.6.6, 192.0.2.7, 10.1.2.3"), "192.0.2.7");
  EXPECT_EQ(remote("::1", "2001:db8::7"), "2001:db8::7");
  EXPECT_EQ(remote("127.0.0.1", "192.0.2.7:1234"), "192.0.2.7");
  EXPECT_EQ(remote("127.0.0.1", "[2001:db8::7]:1234"), "2001:db8::7");
  EXPECT_EQ(remote("203.0.113.1", "192.0.2.7"), "203.0.113.1");
  EXPECT_EQ(remote("127.0.0.1", "local"), "127.0.0.1");
  EXPECT_EQ(remote("127.0.0.1", "192.0.2.7, garbage"), "127.0.0.1");
  EXPECT_EQ(remote("127.0.0.1", ""), "127.0.0.1");
  EXPECT_EQ(remote("local", "192.0.2.7"), "local");
}

TEST(Proxies, AreAddressesOrNetworks) {
  for (const auto* text : {"", "example.org", "10.0.0.0/33", "10.0.0.0/", "10.0.0.0/x", "::1/129"})
    EXPECT_NE(complaint([&] { TrustedProxies({text}); }), "") << text;
}

}  // namespace croft::http

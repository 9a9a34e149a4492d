// Tests of Idempotency-Keys: what they outlive, what they refuse, when they are forgotten.
// SPDX-License-Identifier: Apache-2.0
#include "command/request_keys.hpp"

#include <gtest/gtest.h>

#include <map>

#include "command/test_house.hpp"
#include "db/sqlite.hpp"
#include "http/problem.hpp"
#include "security/idempotency.hpp"

namespace croft::command {
namespace {

using mqtt::play;

// Timed commands are made and shown through `keys_`, which dies with restart().
class RequestKeysTest : public TestHouse {
 protected:
  RequestKeysTest() : TestHouse(db::open_sqlite({.file = ":memory:"})) { restart(); }

  void restart() {
    keys_ = std::make_unique<RequestKeys>(needs_);
    handler_ = keys_->once([this](http::Request&, NoteKey note) { return make(std::move(note)); },
                           [](http::Request&, std::string made) -> Task<http::Response> {
                             co_return http::Response::json("\"" + made + "\"", 201);
                           });
  }
  Task<http::Response> make(NoteKey note) {
    const auto made = co_await timed_.add(wish_, std::move(note));
    if (!made) co_return http::problem(made.error());
    co_return http::Response::json("\"" + made->id.str() + "\"", 201);
  }
  Task<http::Response> post(std::string key, std::string body = "{}", std::string user = "alice") {
    http::Request request;
    request.method = http::Method::post;
    request.path = "/api/v1/command/timed";
    request.body = std::move(body);
    request.headers.set("Idempotency-Key", std::move(key));
    Principal who;
    who.user = UserId(std::move(user));
    request.caller = who;
    auto response = co_await handler_(request);
    co_return response;
  }
  http::Response ask(const std::string& key, const std::string& body = "{}",
                     const std::string& user = "alice") {
    http::Response response;
    play(loop_, [&]() -> Task<void> { response = co_await post(key, body, user); }());
    return response;
  }
  std::int64_t count(std::string_view sql) {
    return *database_->read_now([sql](db::Connection& connection) {
      return connection.first(sql, {}, [](const db::Row& row) { return row.integer(0); });
    });
  }
  std::int64_t made() { return count("SELECT COUNT(*) FROM timed"); }
  std::int64_t kept() { return count("SELECT COUNT(*) FROM command_request_keys"); }

  Timed wish_ = led_at(clock_.now() + std::chrono::days(3));
  std::unique_ptr<RequestKeys> keys_;
  http::Handler handler_;
};

}  // namespace

TEST_F(RequestKeysTest, GivesAfterARestartWhatTheFirstRequestMade) {
  const auto first = ask("k1");
  ASSERT_EQ(first.status, 201) << first.body;
  restart();
  const auto again = ask("k1");
  EXPECT_EQ(again.status, 201);
  EXPECT_EQ(again.body, first.body);
  EXPECT_EQ(made(), 1);
}

TEST_F(RequestKeysTest, KnowsOneThatStartsAtOnceAsWell) {
  wish_ = led();
  const auto first = ask("k1");
  restart();
  EXPECT_EQ(ask("k1").body, first.body);
  EXPECT_EQ(made(), 1);
  EXPECT_EQ(made_.size(), 1U);
}

TEST_F(RequestKeysTest, BelongsToItsUser) {
  const auto first = ask("k1");
  EXPECT_NE(ask("k1", "{}", "bob").body, first.body);
  EXPECT_EQ(made(), 2);
}

TEST_F(RequestKeysTest, RefusesAnotherBody) {
  ask("k1");
  restart();
  EXPECT_EQ(ask("k1", "{\"more\":1}").status, 422);
  EXPECT_EQ(made(), 1);
}

// The second is refused while the first is under way, or gets its answer when that was quicker.
TEST_F(RequestKeysTest, MakesOneOfWhatIsAskedForTwiceAtOnce) {
  std::map<int, int> statuses;
  int answers = 0;
  const auto one = [&](std::string body) -> Task<void> {
    const auto response = co_await post("k1", std::move(body));
    ++statuses[response.status];
    ++answers;
  };
  play(loop_, [&]() -> Task<void> {
    spawn(loop_.get_executor(), "test", one("{}"));
    spawn(loop_.get_executor(), "test", one("{}"));
    spawn(loop_.get_executor(), "test", one("{\"more\":1}"));
    co_await mqtt::eventually([&] { return answers == 3; });
  }());
  // Whichever comes first, the other content is refused: one time, or two.
  EXPECT_GE(statuses[422], 1);
  EXPECT_EQ(statuses[201] + statuses[409] + statuses[422], 3);
  EXPECT_GE(statuses[201], 1);
  EXPECT_EQ(made(), 1);
}

TEST_F(RequestKeysTest, RefusesWhileTheFirstIsUnderWay) {
  bool begun = false;
  bool may_end = false;
  int first = 0;
  handler_ = keys_->once(
      [&](http::Request&, NoteKey note) -> Task<http::Response> {
        begun = true;
        co_await mqtt::eventually([&] { return may_end; });
        auto response = co_await make(std::move(note));
        co_return response;
      },
      nullptr);
  const auto ask_first = [&]() -> Task<void> {
    const auto response = co_await post("k1");
    first = response.status;
  };
  play(loop_, [&]() -> Task<void> {
    spawn(loop_.get_executor(), "test", ask_first());
    co_await mqtt::eventually([&] { return begun; });
    const auto same = co_await post("k1");
    EXPECT_EQ(same.status, 409);
    const auto other = co_await post("k1", "{\"more\":1}");
    EXPECT_EQ(other.status, 422);
    EXPECT_EQ(first, 0);
    may_end = true;
    co_await mqtt::eventually([&] { return first != 0; });
  }());
  EXPECT_EQ(first, 201);
  EXPECT_EQ(made(), 1);
}

TEST_F(RequestKeysTest, LetsOneOfTwoProcessesMakeSomething) {
  const RequestKey key{kAlice, "/api/v1/command/timed", "k1", "hash"};
  const auto note = [this, key](std::string_view made) {
    return database_->write_now([&](db::Connection& connection) {
      const auto now = clock_.now();
      return request_keys::add(connection, key, made, now, now - security::kKeyKept);
    });
  };
  EXPECT_TRUE(note("one"));
  EXPECT_FALSE(note("another"));
  clock_.advance(security::kKeyKept);
  EXPECT_TRUE(note("another"));
}

TEST_F(RequestKeysTest, MakesNothingWhenAnotherProcessWasFasterWithTheKey) {
  // Its note comes between our look and ours.
  handler_ = keys_->once(
      [this](http::Request& request, NoteKey note) -> Task<http::Response> {
        database_->write_now([&](db::Connection& connection) {
          const RequestKey key{kAlice, request.path,
                               std::string(request.headers.get("Idempotency-Key")), "hash"};
          const auto now = clock_.now();
          return request_keys::add(connection, key, "theirs", now, now - security::kKeyKept);
        });
        auto response = co_await make(std::move(note));
        co_return response;
      },
      nullptr);
  EXPECT_EQ(ask("k1").status, 409);
  wish_ = led();
  EXPECT_EQ(ask("k2").status, 409);
  EXPECT_EQ(ask("k1").status, 422);  // the other's body is another
  EXPECT_EQ(made(), 0);
  EXPECT_TRUE(made_.empty());
}

TEST_F(RequestKeysTest, RemembersNoFailure) {
  handler_ = keys_->once(
      [](http::Request&, NoteKey) -> Task<http::Response> {
        co_return http::problem(fail(Code::conflict, "not now"));
      },
      nullptr);
  EXPECT_EQ(ask("k1").status, 409);
  restart();
  EXPECT_EQ(ask("k1", "{\"more\":1}").status, 201);
}

TEST_F(RequestKeysTest, RefusesAKeyThatIsNoVisibleText) {
  EXPECT_EQ(ask("k 1").status, 422);
  EXPECT_EQ(ask("k\xC3\xBC").status, 422);
  EXPECT_EQ(ask(std::string(129, 'k')).status, 422);
  EXPECT_EQ(ask(std::string(128, 'k')).status, 201);
}

TEST_F(RequestKeysTest, ForgetsAfterADay) {
  ask("k1");
  clock_.advance(std::chrono::hours(23));
  ask("k2");
  play(loop_, keys_->forget_old());
  EXPECT_EQ(kept(), 2);
  clock_.advance(std::chrono::hours(1));
  EXPECT_EQ(ask("k1", "{\"more\":1}").status, 201);
  EXPECT_EQ(made(), 3);
  clock_.advance(std::chrono::hours(23));
  play(loop_, keys_->forget_old());
  EXPECT_EQ(kept(), 1);  // the renewed one
}

}  // namespace croft::command

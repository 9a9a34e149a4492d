// Tests of the auth service as a client sees it: router, guard, SQLite, sessions, all real.
// SPDX-License-Identifier: Apache-2.0
#include "auth/auth.hpp"

#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>
#include <boost/json.hpp>

#include "db/test_database.hpp"
#include "limits/memory.hpp"
#include "security/digest.hpp"
#include "security/guard.hpp"
#include "security/idempotency.hpp"
#include "sessions/memory.hpp"

namespace croft::auth {
namespace {

namespace json = boost::json;
using http::Method;

class AuthService : public testing::Test {
 protected:
  void SetUp() override { start({}); }

  void start(Config config) {
    security::prepare_crypto();
    service_.reset();
    router_ = std::make_unique<http::Router>(metrics_);
    router_->set_guard(std::make_shared<security::Guard>(verifier_, sessions_, clock_));
    Door door{[this](const DeviceId& id, const std::string& hash) -> Task<void> {
                door_[id.str()] = hash;
                co_return;
              },
              [this](const DeviceId& id) -> Task<void> {
                door_.erase(id.str());
                co_return;
              }};
    service_ = std::make_unique<Service>(
        config, Needs{loop_.get_executor(), *database_, sessions_, limits_, key_, directory_,
                      users_, feed_, devices_, door, clock_});
    credentials_ = service_->start();
    service_->mount(*router_);
  }

  http::Response ask(Method method, const std::string& path, const std::string& body = "",
                     const std::string& token = "", const std::string& key = "") {
    http::Request request;
    request.method = method;
    request.path = path.substr(0, path.find('?'));
    if (const auto at = path.find('?'); at != std::string::npos)
      request.query = *http::parse_query(std::string_view(path).substr(at + 1));
    request.target = path;
    request.body = body;
    request.remote = remote_;
    request.headers.set("Host", "croft.local:8080");
    if (!body.empty()) request.headers.set("Content-Type", "application/json");
    if (!token.empty()) request.headers.set("Authorization", "Bearer " + token);
    if (!key.empty()) request.headers.set("Idempotency-Key", key);
    http::Response response;
    auto story = [&]() -> Task<void> { response = co_await router_->answer(request); };
    spawn(loop_.get_executor(), "test", story());
    loop_.restart();
    loop_.run();
    return response;
  }

  std::string sign_up_and_log_in(const std::string& name) {
    ask(Method::post, "/api/v1/auth/signup",
        R"({"username":")" + name + R"(","email":")" + name +
            R"(@example.org","password":"soil and rain"})");
    return log_in(name);
  }
  std::string log_in(const std::string& name) {
    const auto answer = ask(Method::post, "/api/v1/auth/login",
                            R"({"username":")" + name + R"(","password":"soil and rain"})");
    EXPECT_EQ(answer.status, 200) << answer.body;
    return text(answer, "token");
  }
  static json::value parse(const http::Response& response) { return json::parse(response.body); }
  static std::string text(const http::Response& response, const char* name) {
    return std::string(parse(response).at(name).as_string());
  }

  asio::io_context loop_;
  HandClock clock_;
  Metrics metrics_;
  std::unique_ptr<db::Database> database_ = db::test_database();
  sessions::Memory sessions_{clock_};
  limits::Memory limits_{clock_};
  security::SigningKey key_ = [] {
    security::prepare_crypto();
    return security::SigningKey::generate();
  }();
  security::Verifier verifier_{key_.public_key};
  DeviceDirectory directory_;
  UserDirectory users_;
  live::Feed feed_;
  live::Devices devices_{directory_, feed_, clock_};
  std::map<std::string, std::string> door_;
  std::unique_ptr<http::Router> router_;
  std::unique_ptr<Service> service_;
  std::vector<Credential> credentials_;
  std::string remote_ = "192.0.2.1";
};

}  // namespace

TEST_F(AuthService, LetsSomebodyInWhoSignedUpAndNobodyElse) {
  EXPECT_EQ(ask(Method::get, "/api/v1/auth/me").status, 401);
  const auto token = sign_up_and_log_in("alice");
  const auto me = ask(Method::get, "/api/v1/auth/me", "", token);
  EXPECT_EQ(me.status, 200);
  EXPECT_EQ(text(me, "username"), "alice");
  EXPECT_EQ(text(me, "role"), "admin");
  EXPECT_EQ(me.body.find("argon2"), std::string::npos);
  const auto second = sign_up_and_log_in("bob");
  EXPECT_EQ(text(ask(Method::get, "/api/v1/auth/me", "", second), "role"), "user");
}

TEST_F(AuthService, LogsInByNameOrAddressWithoutCase) {
  sign_up_and_log_in("Alice");
  log_in("ALICE");
  log_in("alice@EXAMPLE.org");
}

TEST_F(AuthService, SaysTheSameForAWrongNameAndAWrongPassword) {
  sign_up_and_log_in("alice");
  const auto wrong_password =
      ask(Method::post, "/api/v1/auth/login", R"({"username":"alice","password":"wrong wrong"})");
  const auto wrong_name =
      ask(Method::post, "/api/v1/auth/login", R"({"username":"nobody","password":"wrong wrong"})");
  EXPECT_EQ(wrong_password.status, 401);
  EXPECT_EQ(wrong_password.body, wrong_name.body);
}

TEST_F(AuthService, TellsEveryMistakeOfASignUpAtOnce) {
  const auto answer = ask(Method::post, "/api/v1/auth/signup",
                          R"({"username":"a b","email":"a@b\r\nBcc: c@d","password":"short"})");
  EXPECT_EQ(answer.status, 422);
  EXPECT_EQ(parse(answer).at("errors").as_array().size(), 3U) << answer.body;
}

TEST_F(AuthService, RefusesANameOrAddressThatIsTaken) {
  sign_up_and_log_in("alice");
  EXPECT_EQ(ask(Method::post, "/api/v1/auth/signup",
                R"({"username":"ALICE","email":"x@example.org","password":"soil and rain"})")
                .status,
            409);
  EXPECT_EQ(ask(Method::post, "/api/v1/auth/signup",
                R"({"username":"x","email":"Alice@example.org","password":"soil and rain"})")
                .status,
            409);
}

TEST_F(AuthService, IgnoresARoleThatSomebodyAsksFor) {
  sign_up_and_log_in("alice");
  const auto answer = ask(
      Method::post, "/api/v1/auth/signup",
      R"({"username":"eve","email":"e@example.org","password":"soil and rain","role":"admin"})");
  EXPECT_EQ(answer.status, 201);
  EXPECT_EQ(text(answer, "role"), "user");
}

TEST_F(AuthService, HoldsItsSignUpPolicy) {
  start({.signup = Signup::first, .session_lifetime = Seconds(60), .mqtt_host = ""});
  sign_up_and_log_in("alice");
  const auto* second = R"({"username":"bob","email":"b@example.org","password":"soil and rain"})";
  EXPECT_EQ(ask(Method::post, "/api/v1/auth/signup", second).status, 403);
  start({.signup = Signup::closed, .session_lifetime = Seconds(60), .mqtt_host = ""});
  EXPECT_EQ(ask(Method::post, "/api/v1/auth/signup", second).status, 403);
}

TEST_F(AuthService, EndsASessionAtLogOutForGood) {
  const auto token = sign_up_and_log_in("alice");
  const auto other = log_in("alice");
  bool told = false;
  const auto subscription =
      feed_.session_ended.subscribe([&](const live::SessionEnded&) { told = true; });
  EXPECT_EQ(ask(Method::get, "/api/v1/auth/logout", "", token).status, 204);
  EXPECT_TRUE(told);
  EXPECT_EQ(ask(Method::get, "/api/v1/auth/me", "", token).status, 401);
  EXPECT_EQ(ask(Method::get, "/api/v1/auth/me", "", other).status, 200);
}

TEST_F(AuthService, ForgetsASessionAfterItsLifetime) {
  start({.session_lifetime = Seconds(60), .mqtt_host = ""});
  const auto token = sign_up_and_log_in("alice");
  clock_.advance(Seconds(61));
  EXPECT_EQ(ask(Method::get, "/api/v1/auth/me", "", token).status, 401);
}

TEST_F(AuthService, SlowsDownGuessingWithoutLockingTheOwnerOut) {
  sign_up_and_log_in("alice");
  int refused = 0;
  for (int i = 0; i < 15; ++i) {
    const auto answer = ask(Method::post, "/api/v1/auth/login",
                            R"({"username":"alice","password":"guess number"})");
    if (answer.status == 429) {
      ++refused;
      EXPECT_FALSE(answer.headers.get("Retry-After").empty());
    }
  }
  EXPECT_EQ(refused, 5);
  remote_ = "192.0.2.2";  // the owner, elsewhere
  log_in("alice");
}

TEST_F(AuthService, ShowsADevicesSecretOnceAndTellsTheBroker) {
  const auto token = sign_up_and_log_in("alice");
  const auto made = ask(Method::post, "/api/v1/devices", R"({"name":"Bed 2"})", token);
  EXPECT_EQ(made.status, 201);
  const auto id = text(made, "id");
  EXPECT_EQ(door_.at(id), security::sha256_hex(text(made, "secret")));
  EXPECT_EQ(parse(made).at("mqtt").at("host").as_string(), "croft.local");
  const auto shown = ask(Method::get, "/api/v1/devices/" + id, "", token);
  EXPECT_EQ(shown.body.find("secret"), std::string::npos);
  EXPECT_EQ(parse(shown).at("online").as_bool(), false);
}

TEST_F(AuthService, HidesDevicesOfOthersAsIfTheyWereNot) {
  const auto alice = sign_up_and_log_in("alice");
  const auto bob = sign_up_and_log_in("bob");
  const auto id = text(ask(Method::post, "/api/v1/devices", R"({"name":"Bed"})", alice), "id");
  const auto path = "/api/v1/devices/" + id;
  EXPECT_EQ(ask(Method::get, path, "", bob).status, 404);
  EXPECT_EQ(ask(Method::patch, path, R"({"name":"Mine"})", bob).status, 404);
  EXPECT_EQ(ask(Method::post, path + "/secret", "", bob).status, 404);
  EXPECT_EQ(ask(Method::del, path, "", bob).status, 404);
  EXPECT_TRUE(parse(ask(Method::get, "/api/v1/devices", "", bob)).at("devices").as_array().empty());
  EXPECT_EQ(text(ask(Method::get, path, "", alice), "name"), "Bed");
}

TEST_F(AuthService, RenamesRotatesAndRemovesADevice) {
  const auto token = sign_up_and_log_in("alice");
  const auto made = ask(Method::post, "/api/v1/devices", R"({"name":"Bed"})", token);
  const auto path = "/api/v1/devices/" + text(made, "id");
  EXPECT_EQ(text(ask(Method::patch, path, R"({"name":"Bed 3"})", token), "name"), "Bed 3");
  const auto before = door_.begin()->second;
  const auto rotated = ask(Method::post, path + "/secret", "", token);
  EXPECT_NE(text(rotated, "secret"), text(made, "secret"));
  EXPECT_NE(door_.begin()->second, before);
  EXPECT_EQ(ask(Method::del, path, "", token).status, 204);
  EXPECT_TRUE(door_.empty());
  EXPECT_EQ(ask(Method::get, path, "", token).status, 404);
  EXPECT_EQ(ask(Method::del, path, "", token).status, 404);
}

TEST_F(AuthService, KeepsATimeZoneThatExists) {
  const auto token = sign_up_and_log_in("alice");
  const auto path = "/api/v1/auth/me";
  EXPECT_EQ(text(ask(Method::get, path, "", token), "timezone"), "UTC");
  EXPECT_EQ(ask(Method::patch, path, R"({"timezone":"Mars/Olympus"})", token).status, 422);
  const auto changed = ask(Method::patch, path, R"({"timezone":"Europe/Paris"})", token);
  EXPECT_EQ(text(changed, "timezone"), "Europe/Paris");
  EXPECT_EQ(users_.find(UserId(text(changed, "id")))->timezone, "Europe/Paris");
}

TEST_F(AuthService, PagesThroughDevices) {
  const auto token = sign_up_and_log_in("alice");
  for (int i = 0; i < 5; ++i) ask(Method::post, "/api/v1/devices", R"({"name":"Bed"})", token);
  std::string cursor;
  std::size_t seen = 0;
  for (int page = 0; page < 3; ++page) {
    const auto answer = parse(ask(Method::get, "/api/v1/devices?limit=2" + cursor, "", token));
    seen += answer.at("devices").as_array().size();
    if (!answer.at("next").is_null())
      cursor = "&cursor=" + std::string(answer.at("next").as_string());
    else
      EXPECT_EQ(page, 2);
  }
  EXPECT_EQ(seen, 5U);
  EXPECT_EQ(ask(Method::get, "/api/v1/devices?limit=0", "", token).status, 422);
  EXPECT_EQ(ask(Method::get, "/api/v1/devices?limit=x", "", token).status, 422);
}

TEST_F(AuthService, MakesADeviceOnceForOneIdempotencyKey) {
  const auto token = sign_up_and_log_in("alice");
  const auto first = ask(Method::post, "/api/v1/devices", R"({"name":"Bed"})", token, "k1");
  const auto again = ask(Method::post, "/api/v1/devices", R"({"name":"Bed"})", token, "k1");
  EXPECT_EQ(first.body, again.body);
  EXPECT_EQ(door_.size(), 1U);
  EXPECT_EQ(ask(Method::post, "/api/v1/devices", R"({"name":"Other"})", token, "k1").status, 422);
}

TEST_F(AuthService, SaysAfterARestartWhichDeviceAnIdempotencyKeyHasMade) {
  const auto token = sign_up_and_log_in("alice");
  const auto add = [&](const std::string& key) {
    return ask(Method::post, "/api/v1/devices", R"({"name":"Bed"})", token, key);
  };
  const auto first = add("k1");
  start({});
  const auto again = add("k1");
  EXPECT_EQ(again.status, 409);
  EXPECT_NE(again.body.find(text(first, "id")), std::string::npos) << again.body;
  EXPECT_EQ(again.body.find(text(first, "secret")), std::string::npos);
  EXPECT_EQ(door_.size(), 1U);
  EXPECT_EQ(add("k2").status, 201);
  clock_.advance(security::kKeyKept);
  EXPECT_EQ(ask(Method::post, "/api/v1/devices", R"({"name":"Bed"})", log_in("alice"), "k1").status,
            201);
  EXPECT_EQ(door_.size(), 3U);
}

TEST_F(AuthService, ForgetsAKeyWhoseRequestFailed) {
  const auto token = sign_up_and_log_in("alice");
  EXPECT_EQ(ask(Method::post, "/api/v1/devices", R"({"name":""})", token, "k1").status, 422);
  EXPECT_EQ(ask(Method::post, "/api/v1/devices", R"({"name":"Bed"})", token, "k1").status, 201);
  EXPECT_EQ(ask(Method::post, "/api/v1/devices", R"({"name":"Bed"})", token, "k 1").status, 422);
}

TEST_F(AuthService, RemembersEverythingAfterARestart) {
  const auto token = sign_up_and_log_in("alice");
  ask(Method::post, "/api/v1/devices", R"({"name":"Bed"})", token);
  directory_ = {};
  start({});
  ASSERT_EQ(credentials_.size(), 1U);
  EXPECT_EQ(directory_.size(), 1U);
  log_in("alice");
}

TEST_F(AuthService, AnswersAdministrationOnlyOnTheLocalSocket) {
  const auto* user = R"({"username":"demo","email":"demo@localhost","password":"soil and rain"})";
  EXPECT_EQ(ask(Method::post, "/local/v1/users", user).status, 404);
  remote_ = "local";
  EXPECT_EQ(ask(Method::post, "/local/v1/users", user).status, 201);
  const auto made = ask(Method::post, "/local/v1/users/demo/devices", R"({"name":"Virtual node"})");
  EXPECT_EQ(made.status, 201);
  EXPECT_EQ(ask(Method::del, "/local/v1/users/demo").status, 409);
  EXPECT_EQ(ask(Method::del, "/local/v1/devices/" + text(made, "id")).status, 204);
  const auto token = log_in("demo");
  EXPECT_EQ(
      ask(Method::post, "/local/v1/users/demo/password", R"({"password":"rain and soil"})").status,
      200);
  EXPECT_EQ(ask(Method::get, "/api/v1/auth/me", "", token).status, 401);
  EXPECT_EQ(ask(Method::del, "/local/v1/users/demo").status, 204);
  EXPECT_EQ(ask(Method::del, "/local/v1/users/demo").status, 404);
}

TEST_F(AuthService, ANewPasswordEndsWhateverTheOldOneStarts) {
  sign_up_and_log_in("alice");
  for (int round = 0; round < 6; ++round) {
    const auto old_password = round % 2 == 0 ? "soil and rain" : "rain and soil";
    const auto new_password = round % 2 == 0 ? "rain and soil" : "soil and rain";
    http::Request reset;
    reset.method = Method::post;
    reset.path = reset.target = "/local/v1/users/alice/password";
    reset.remote = "local";
    reset.headers.set("Content-Type", "application/json");
    reset.body = std::string(R"({"password":")") + new_password + R"("})";
    http::Request log_in = reset;
    log_in.path = log_in.target = "/api/v1/auth/login";
    log_in.body = std::string(R"({"username":"alice","password":")") + old_password + R"("})";
    http::Response changed;
    http::Response entered;
    auto change = [&]() -> Task<void> { changed = co_await router_->answer(reset); };
    auto enter = [&]() -> Task<void> {
      co_await sleep_for(std::chrono::milliseconds(4 * round));
      entered = co_await router_->answer(log_in);
    };
    spawn(loop_.get_executor(), "test", change());
    spawn(loop_.get_executor(), "test", enter());
    loop_.restart();
    loop_.run();
    EXPECT_EQ(changed.status, 200) << changed.body;
    if (entered.status != 200) {
      EXPECT_EQ(entered.status, 401) << entered.body;
      continue;
    }
    EXPECT_EQ(ask(Method::get, "/api/v1/auth/me", "", text(entered, "token")).status, 401);
  }
}

}  // namespace croft::auth

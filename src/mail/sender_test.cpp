// Tests of the sender over simulated hours: what was sent, when, how often, and that nothing is
// lost.
// SPDX-License-Identifier: Apache-2.0
#include "mail/sender.hpp"

#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>
#include <functional>
#include <stdexcept>
#include <utility>
#include <vector>

#include "db/migrations.hpp"
#include "db/test_database.hpp"
#include "mail/outbox.hpp"
#include "mail/schema.hpp"

namespace croft::mail {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;
using Kind = Outcome::Kind;

// A mail server that answers as it is told and remembers what it was given.
class Scripted final : public Transport {
 public:
  explicit Scripted(const Clock& clock) : clock_(clock) {}
  Outcome send(const Envelope& envelope) override {
    attempts.push_back({envelope, clock_.now()});
    return answer(envelope);
  }
  void stop() override {}

  struct Attempt {
    Envelope envelope;
    Instant at;
  };
  std::vector<Attempt> attempts;
  std::function<Outcome(const Envelope&)> answer = [](const Envelope&) {
    return Outcome{Kind::accepted, ""};
  };

 private:
  const Clock& clock_;
};

std::string header(const Envelope& envelope, const std::string& name) {
  const auto at = envelope.content.find("\r\n" + name + ": ");
  const auto start = at + name.size() + 4;
  return envelope.content.substr(start, envelope.content.find("\r\n", start) - start);
}

class Sending : public testing::Test {
 protected:
  Sending() {
    const db::Migration migrations[] = {{1, kSchema}};
    db::migrate(*database_, "command", migrations);
    restart();
  }

  // As after a crash: nothing is kept but the database.
  void restart(bool with_server = true) {
    sender_.reset();
    sender_ = std::make_unique<Sender>(
        Config{{"Croft", "croft@example.org"}, "https://croft.example.org", 30},
        Needs{loop_.get_executor(), *database_, with_server ? &server_ : nullptr, clock_,
              metrics_});
  }
  MailId put(const std::string& subject = "Bed 2: soil moisture 281, below 300",
             const std::string& to = "ada@example.org", const std::string& kind = "alert") {
    return database_->write_now([&](db::Connection& connection) {
      return enqueue(connection, {UserId("ada"), to, subject, "text\n", kind, "alert-1", "UTC"},
                     clock_.now());
    });
  }
  std::optional<MailView> look(const MailId& id) {
    return database_->read_now([&](db::Connection& connection) { return find(connection, id); });
  }
  std::int64_t rows_in(const std::string& table) {
    return database_->read_now([&](db::Connection& connection) {
      return *connection.first("SELECT count(*) FROM " + table, {},
                               [](const db::Row& row) { return row.integer(0); });
    });
  }
  template <class T>
  T play(Task<T> task) {
    std::optional<T> result;
    std::exception_ptr failure;
    asio::co_spawn(loop_, std::move(task), [&](std::exception_ptr error, T value) {
      failure = error;
      result = std::move(value);
    });
    loop_.restart();
    loop_.run();
    if (failure) std::rethrow_exception(failure);
    return *result;
  }
  void work() {
    while (play(sender_->step())) {
    }
  }
  void pass(Milliseconds time, Milliseconds tick = seconds(1)) {
    for (const auto end = clock_.now() + time; clock_.now() < end;) {
      clock_.advance(tick);
      work();
    }
  }
  std::vector<std::int64_t> attempt_seconds() const {
    std::vector<std::int64_t> all;
    for (const auto& attempt : server_.attempts)
      all.push_back(std::chrono::duration_cast<seconds>(attempt.at - start_).count());
    return all;
  }
  std::vector<std::string> message_ids() const {
    std::vector<std::string> all;
    for (const auto& attempt : server_.attempts)
      all.push_back(header(attempt.envelope, "Message-ID"));
    return all;
  }

  HandClock clock_;
  Instant start_ = clock_.now();
  Metrics metrics_;
  asio::io_context loop_;
  std::unique_ptr<db::Database> database_ = db::test_database();
  Scripted server_{clock_};
  std::unique_ptr<Sender> sender_;
};

using Seconds64 = std::vector<std::int64_t>;

}  // namespace

TEST_F(Sending, SendsTheFirstMailAtOnce) {
  const auto id = put();
  EXPECT_EQ(look(id)->state, MailState::queued);
  work();
  ASSERT_EQ(server_.attempts.size(), 1U);
  const auto& mail = server_.attempts[0].envelope;
  EXPECT_EQ(mail.from, "croft@example.org");
  EXPECT_EQ(mail.to, "ada@example.org");
  EXPECT_EQ(header(mail, "Subject"), "Bed 2: soil moisture 281, below 300");
  EXPECT_EQ(look(id)->state, MailState::sent);
  EXPECT_EQ(look(id)->attempts, 1);
  EXPECT_EQ(look(id)->sent, start_);
}

TEST_F(Sending, SendsNothingOfATransactionThatWasRolledBack) {
  EXPECT_THROW(database_->write_now([&](db::Connection& connection) {
    enqueue(connection, {UserId("ada"), "ada@example.org", "x", "x", "alert", "", "UTC"}, start_);
    throw std::runtime_error("the alert could not be stored");
  }),
               std::runtime_error);
  pass(minutes(1));
  EXPECT_TRUE(server_.attempts.empty());
}

TEST_F(Sending, GroupsWhatFollowsWithinHalfAMinuteAndThenSendsDigests) {
  const auto first = put("first");
  work();
  pass(seconds(10));
  const auto second = put("second");
  const auto third = put("third", "ada@example.org", "cleared");
  pass(seconds(25));
  EXPECT_EQ(attempt_seconds(), (Seconds64{0, 30}));
  EXPECT_EQ(header(server_.attempts[1].envelope, "Subject"), "second (and 1 more)");
  EXPECT_NE(server_.attempts[1].envelope.content.find("1 alert, 1 cleared."), std::string::npos);
  EXPECT_EQ(look(first)->state, MailState::sent);
  EXPECT_EQ(look(second)->state, MailState::grouped);
  EXPECT_EQ(look(third)->state, MailState::grouped);
  const auto fourth = put("fourth");
  pass(minutes(6));
  EXPECT_EQ(attempt_seconds(), (Seconds64{0, 30, 330}));
  EXPECT_EQ(look(fourth)->state, MailState::sent);
  pass(minutes(11), seconds(30));
  put("after a quiet time");
  const auto now = clock_.now();
  work();
  EXPECT_EQ(server_.attempts.back().at, now);
}

TEST_F(Sending, TellsTenThousandAlertsOfOneMinuteInThreeMails) {
  MailId last;
  for (int i = 0; i < 10'000; ++i) {
    last = put("alert " + std::to_string(i));
    clock_.advance(Milliseconds(6));
    if (i % 100 == 0) work();
  }
  pass(minutes(20));
  EXPECT_EQ(server_.attempts.size(), 3U);
  EXPECT_EQ(look(last)->state, MailState::grouped);
  const auto subject = header(server_.attempts[1].envelope, "Subject");
  const auto rest = header(server_.attempts[2].envelope, "Subject");
  const auto more = [](const std::string& text) {
    auto number = text.substr(text.find("(and ") + 5);
    std::erase(number, ',');
    return std::stoi(number);
  };
  EXPECT_EQ(1 + more(subject) + 1 + more(rest) + 1, 10'000) << subject << " / " << rest;
  std::printf("10,000 alerts in a minute, one recipient: %zu mails: 1 + %d + %d alerts\n",
              server_.attempts.size(), more(subject) + 1, more(rest) + 1);
}

TEST_F(Sending, TellsAFlappingMeasurementInFourMails) {
  for (int i = 0; i < 6'000; ++i) {  // 10 Hz for 10 minutes, every edge a mail: the worst case
    put(i % 2 == 0 ? "below" : "no longer below", "ada@example.org",
        i % 2 == 0 ? "alert" : "cleared");
    clock_.advance(Milliseconds(100));
    if (i % 10 == 0) work();
  }
  pass(minutes(20));
  EXPECT_EQ(server_.attempts.size(), 4U);
  std::printf("flapping at 10 Hz for 10 minutes, 6,000 mails asked for: %zu sent\n",
              server_.attempts.size());
}

TEST_F(Sending, KeepsToTheBudgetOfAllRecipientsTogether) {
  for (int i = 0; i < 200; ++i) put("alert", "user" + std::to_string(i) + "@example.org");
  work();
  EXPECT_EQ(server_.attempts.size(), 30U);
  pass(minutes(1));
  EXPECT_EQ(server_.attempts.size(), 60U);
  restart();
  work();
  EXPECT_EQ(server_.attempts.size(), 60U) << "a restart must not fill the budget";
  pass(minutes(5));
  EXPECT_EQ(server_.attempts.size(), 200U);
}

TEST_F(Sending, SurvivesTwoHoursWithoutAMailServer) {
  server_.answer = [this](const Envelope&) {
    if (clock_.now() - start_ < hours(2)) return Outcome{Kind::unreachable, "nothing answers"};
    return Outcome{Kind::accepted, ""};
  };
  const auto first = put("first");
  work();
  EXPECT_EQ(look(first)->state, MailState::queued);
  EXPECT_EQ(look(first)->last_error, "nothing answers");
  const auto other = put("other", "bob@example.org");
  pass(minutes(1), seconds(30));
  EXPECT_EQ(look(other)->last_error, "nothing answers") << "whoever waits behind it is told too";
  for (int i = 0; i < 100; ++i) {
    put("alert " + std::to_string(i));
    pass(minutes(1), seconds(30));
  }
  restart();
  pass(hours(2), seconds(30));
  int accepted = 0;
  for (const auto& attempt : server_.attempts) accepted += attempt.at - start_ >= hours(2) ? 1 : 0;
  EXPECT_EQ(accepted, 3);  // Ada's first, Ada's digest of 100, Bob's
  EXPECT_LE(server_.attempts.size() - 3, 8U) << "attempts while it was away";
  EXPECT_EQ(look(first)->state, MailState::sent);
  EXPECT_EQ(look(other)->state, MailState::sent);
  std::printf("2 h without a server: %zu attempts in vain, then %d mails for 102 alerts\n",
              server_.attempts.size() - 3, accepted);
}

TEST_F(Sending, TriesAgainAfterFourHundredAndFiftyOne) {
  server_.answer = [this](const Envelope&) {
    if (server_.attempts.size() < 4) return Outcome{Kind::later, "451 try later"};
    return Outcome{Kind::accepted, ""};
  };
  const auto id = put();
  work();
  EXPECT_EQ(look(id)->last_error, "451 try later");
  pass(minutes(10));
  EXPECT_EQ(attempt_seconds(), (Seconds64{0, 60, 180, 420}));
  EXPECT_EQ(look(id)->state, MailState::sent);
  EXPECT_EQ(look(id)->attempts, 4);
  EXPECT_EQ(look(id)->last_error, "");
}

TEST_F(Sending, GivesUpAtOnceAfterFiveHundredAndFifty) {
  server_.answer = [](const Envelope&) { return Outcome{Kind::refused, "550 no such user"}; };
  const auto id = put();
  work();
  EXPECT_EQ(look(id)->state, MailState::failed);
  EXPECT_EQ(look(id)->last_error, "550 no such user");
  pass(hours(3), seconds(30));
  EXPECT_EQ(server_.attempts.size(), 1U);
}

TEST_F(Sending, RepeatsWithTheSameMessageIdWhenTheAnswerWasLost) {
  server_.answer = [this](const Envelope&) {
    if (server_.attempts.size() == 1) return Outcome{Kind::unknown, "dropped after DATA"};
    return Outcome{Kind::accepted, ""};
  };
  const auto id = put();
  work();
  pass(minutes(2));
  ASSERT_EQ(server_.attempts.size(), 2U);
  EXPECT_EQ(message_ids()[0], message_ids()[1]);
  EXPECT_EQ(server_.attempts[0].envelope.content, server_.attempts[1].envelope.content);
  EXPECT_EQ(look(id)->state, MailState::sent);
}

TEST_F(Sending, RepeatsOnceAfterACrashBetweenSendingAndRemembering) {
  server_.answer = [this](const Envelope&) -> Outcome {
    if (server_.attempts.size() == 1) throw std::runtime_error("the power went");
    return {Kind::accepted, ""};
  };
  const auto id = put();
  EXPECT_THROW(work(), std::runtime_error);
  restart();
  pass(hours(1), seconds(10));
  ASSERT_EQ(server_.attempts.size(), 2U);
  EXPECT_EQ(message_ids()[0], message_ids()[1]);
  EXPECT_EQ(look(id)->state, MailState::sent);
}

TEST_F(Sending, KeepsTheStormsBrakeOverARestart) {
  put();
  work();
  restart();
  put();
  work();
  EXPECT_EQ(server_.attempts.size(), 1U);
  pass(seconds(31));
  EXPECT_EQ(server_.attempts.size(), 2U);
  EXPECT_NE(message_ids()[0], message_ids()[1]);
}

TEST_F(Sending, GivesUpAfterADayWithoutAMailServer) {
  server_.answer = [](const Envelope&) { return Outcome{Kind::unreachable, "nothing answers"}; };
  const auto id = put();
  pass(hours(23), seconds(60));
  EXPECT_EQ(look(id)->state, MailState::queued);
  pass(hours(2), seconds(60));
  EXPECT_EQ(look(id)->state, MailState::failed);
  EXPECT_EQ(look(id)->last_error, "nothing answers");
}

TEST_F(Sending, LetsNoLetterThatNeverGetsThroughHoldUpTheOthers) {
  server_.answer = [](const Envelope& envelope) {
    if (envelope.to == "bad@example.org") return Outcome{Kind::unreachable, "timed out"};
    return Outcome{Kind::accepted, ""};
  };
  put("x", "bad@example.org");
  work();
  const auto good = put("x", "good@example.org");
  pass(minutes(3), seconds(10));
  EXPECT_EQ(look(good)->state, MailState::sent);
}

TEST_F(Sending, SaysThatNoMailServerIsConfigured) {
  restart(false);
  const auto id = put();
  work();
  EXPECT_EQ(look(id)->state, MailState::failed);
  EXPECT_EQ(look(id)->last_error, "no mail server is configured (smtp.url)");
}

TEST_F(Sending, FailsAnAddressThatIsNone) {
  const auto id = put("x", "ada@example.org>\r\nRCPT TO:<all@example.org");
  work();
  EXPECT_TRUE(server_.attempts.empty());
  EXPECT_EQ(look(id)->state, MailState::failed);
}

TEST_F(Sending, LetsNoSubjectOrTextAddAHeader) {
  put("Bed\r\nBcc: all@example.org\r\n\r\nx");
  work();
  ASSERT_EQ(server_.attempts.size(), 1U);
  const auto& content = server_.attempts[0].envelope.content;
  EXPECT_EQ(content.find("\r\nBcc:"), std::string::npos);
  EXPECT_NE(content.find("\r\nSubject: Bed Bcc: all@example.org x\r\n"), std::string::npos);
}

TEST_F(Sending, ForgetsWhatWasSettledAMonthAgo) {
  const auto id = put();
  work();
  clock_.advance(hours(24 * 29));
  const auto prune = [this]() -> Task<bool> {
    co_await sender_->prune();
    co_return true;
  };
  play(prune());
  EXPECT_TRUE(look(id));
  clock_.advance(hours(24 * 2));
  play(prune());
  EXPECT_FALSE(look(id));
  EXPECT_EQ(rows_in("mail_letters") + rows_in("mail_recipients") + rows_in("mail_outbox"), 0);
}

TEST_F(Sending, CountsWhatItNoLongerKeeps) {
  MailId last;
  for (int i = 0; i < 1'500; ++i) last = put("alert " + std::to_string(i));
  EXPECT_EQ(rows_in("mail_outbox"), kMostKept);
  work();
  ASSERT_EQ(server_.attempts.size(), 1U);
  EXPECT_NE(server_.attempts[0].envelope.content.find("1,500 messages between"), std::string::npos);
  EXPECT_NE(server_.attempts[0].envelope.content.find("Of the first 1,000: 1,000 alerts."),
            std::string::npos);
  EXPECT_EQ(look(last)->state, MailState::grouped);
}

}  // namespace croft::mail

// The sender: writes letters, gives them to the transport, and remembers what became of each.
// SPDX-License-Identifier: Apache-2.0
#include "mail/sender.hpp"

#include <pthread.h>

#include <algorithm>

#include "base/ids.hpp"
#include "base/log.hpp"
#include "mail/message.hpp"

namespace croft::mail {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using Kind = Outcome::Kind;

constexpr Seconds kTick{1};
constexpr Seconds kGather{30};  // after the first mail of a series
constexpr auto kBetweenDigests = minutes(5);
constexpr auto kQuiet = minutes(10);      // without a letter: the next mail starts a new series
constexpr auto kLeastPause = minutes(1);  // between two attempts, doubling up to kMostPause
constexpr auto kMostPause = hours(1);
constexpr auto kGiveUp = hours(24);
constexpr auto kAttemptLimit = minutes(2);  // longer than any transport takes
constexpr auto kKeep = hours(24 * 30);
constexpr int kPruneAtOnce = 200;
constexpr int kRefuseAtOnce = 100;
constexpr auto kNoServer = "no mail server is configured (smtp.url)";

Milliseconds pause_after(std::int64_t failures) {
  const auto doublings = std::clamp<std::int64_t>(failures - 1, 0, 6);
  return std::min<Milliseconds>(kLeastPause * (std::int64_t{1} << doublings), kMostPause);
}

void refill(letters::Sender& sender, double per_minute, Instant now) {
  const auto passed = std::max(now - sender.filled, Milliseconds(0));
  const double gained = per_minute * static_cast<double>(passed.count()) / 60'000.0;
  sender.tokens = std::min(sender.tokens + gained, std::max(per_minute, 1.0));
  sender.filled = now;
}

bool is_away(const letters::Sender& sender, Instant now) {
  return now < sender.away_until && sender.away_until - now <= kMostPause;
}

// The storm's brake: how far the series of this address has come, and when its next letter may go.
void advance(letters::Recipient& recipient, Instant oldest, Instant now) {
  const bool quiet = oldest >= recipient.not_before && now - recipient.composed >= kQuiet;
  const bool starts = recipient.stage == 0 || quiet;
  recipient.stage = starts ? 1 : 2;
  recipient.not_before = now + (starts ? Milliseconds(kGather) : Milliseconds(kBetweenDigests));
  recipient.composed = now;
}

std::string right_side(const std::string& address) { return address.substr(address.find('@')); }

Counter letters_counter(Metrics& metrics, const char* outcome) {
  return metrics.counter("mail_attempts_total", "Attempts to send a letter by their outcome",
                         {{"outcome", outcome}});
}

}  // namespace

Sender::Sender(Config config, Needs needs)
    : config_(std::move(config)),
      needs_(needs),
      sent_(letters_counter(needs.metrics, "sent")),
      failed_(letters_counter(needs.metrics, "failed")),
      postponed_(letters_counter(needs.metrics, "postponed")),
      unknown_(letters_counter(needs.metrics, "unknown")),
      waiting_(needs.metrics.gauge("mail_waiting", "Mails in the outbox not yet in a letter")),
      letters_waiting_(needs.metrics.gauge("mail_letters_waiting", "Letters not yet settled")),
      reachable_(needs.metrics.gauge("mail_server_reachable",
                                     "1 when the last attempt reached the mail server")),
      took_(needs.metrics.seconds("mail_attempt_seconds", "What one attempt took")) {
  reachable_.set(1);
}

Sender::~Sender() {
  if (needs_.transport != nullptr) needs_.transport->stop();
  worker_.join();
}

Task<void> Sender::run() {
  auto pruned = std::chrono::steady_clock::time_point::min();
  for (;;) {
    bool more = true;
    while (more) more = co_await step();
    if (std::chrono::steady_clock::now() - kTick > pruned + hours(1)) {
      co_await prune();
      pruned = std::chrono::steady_clock::now();
    }
    co_await sleep_for(kTick);
  }
}

Task<bool> Sender::step() {
  const auto now = needs_.clock.now();
  auto look = [now](db::Connection& connection) { return letters::load(connection, now); };
  auto load = co_await needs_.database.read(look);
  waiting_.set(static_cast<double>(load.mails));
  letters_waiting_.set(static_cast<double>(load.letters));
  if (!load.due || stopping_) co_return false;
  if (needs_.transport == nullptr) {
    const auto refused = co_await refuse_all();
    co_return refused > 0;
  }
  if (load.sender) {
    refill(*load.sender, config_.per_minute, now);
    if (is_away(*load.sender, now) || load.sender->tokens < 1) co_return false;
  }
  auto choose = [this, now](db::Connection& connection) { return take(connection, now); };
  const auto letter = co_await needs_.database.write(choose);
  if (!letter) co_return true;  // an address that cannot be written to

  sending_ = true;
  const auto begun = std::chrono::steady_clock::now();
  Envelope envelope{config_.from.address, letter->address, letter->content};
  auto send = [transport = needs_.transport, envelope = std::move(envelope)] {
    pthread_setname_np(pthread_self(), "croft-mail");
    return transport->send(envelope);
  };
  const auto outcome = co_await on_pool(worker_, std::move(send));
  took_.observe(std::chrono::duration<double>(std::chrono::steady_clock::now() - begun).count());
  const auto settled = needs_.clock.now();
  auto remember = [this, &letter, &outcome, settled](db::Connection& connection) {
    settle(connection, *letter, outcome, settled);
  };
  co_await needs_.database.write(remember);
  sending_ = false;
  count(*letter, outcome, settled);
  co_return true;
}

// The claim is committed before the attempt: a crash in between, however often, costs one pause.
std::optional<letters::Letter> Sender::take(db::Connection& connection, Instant now) {
  auto sender = letters::load_or_make(connection, std::max(config_.per_minute, 1.0), now);
  auto letter = letters::due_letter(connection, now);
  // After a failure a fresh one goes first: perhaps the old one alone does not get through.
  if (!letter || (sender.failures > 0 && letter->attempts > 0))
    if (auto fresh = compose(connection, sender, now)) letter = std::move(fresh);
  if (!letter) return std::nullopt;
  refill(sender, config_.per_minute, now);
  sender.tokens -= 1;
  letters::save(connection, sender);
  letters::claim(connection, letter->id, now + kAttemptLimit);
  ++letter->attempts;
  return letter;
}

std::optional<letters::Letter> Sender::compose(db::Connection& connection,
                                               const letters::Sender& sender, Instant now) {
  const auto due = letters::due_recipients(connection, now, 1);
  if (due.empty()) return std::nullopt;
  auto recipient = due.front();
  const auto bundle = letters::waiting_for(connection, recipient.address);
  letters::Letter letter{new_id(), recipient.address, "", bundle.mails, 0, now};
  const bool writable = is_address(letter.address) && !bundle.first.empty();
  if (writable) {
    const auto text = draft(bundle, config_.public_url);
    letter.content = write_message(
        {config_.from, letter.address, text.subject, text.text,
         "<" + letter.id + "." + sender.installation + right_side(config_.from.address) + ">", now,
         bundle.first.front().timezone});
  }
  letters::add(connection, letter);
  advance(recipient, writable ? bundle.first.front().created : now, now);
  letters::save(connection, recipient);
  if (writable) return letter;
  letters::end(connection, letter.id, false, "this is no address that mail can be sent to", now);
  log::warning("mail", "a mail has no usable address", {{"letter", letter.id}});
  return std::nullopt;
}

void Sender::settle(db::Connection& connection, const letters::Letter& letter,
                    const Outcome& outcome, Instant now) {
  auto sender = letters::load_or_make(connection, config_.per_minute, now);
  const bool away = outcome.kind == Kind::unreachable;
  sender.failures = away ? sender.failures + 1 : 0;
  sender.away_until = away ? now + pause_after(sender.failures) : now;
  sender.trouble = away ? outcome.words : "";
  letters::save(connection, sender);
  const bool late = now - letter.created >= kGiveUp;
  if (outcome.kind == Kind::accepted)
    letters::end(connection, letter.id, true, "", now);
  else if (outcome.kind == Kind::refused || late)
    letters::end(connection, letter.id, false, outcome.words, now);
  else
    letters::postpone(connection, letter.id, now + pause_after(letter.attempts), outcome.words);
}

void Sender::count(const letters::Letter& letter, const Outcome& outcome, Instant now) {
  reachable_.set(outcome.kind == Kind::unreachable ? 0 : 1);
  const bool given_up = outcome.kind == Kind::refused ||
                        (outcome.kind != Kind::accepted && now - letter.created >= kGiveUp);
  if (outcome.kind == Kind::accepted) {
    sent_.add();
    log::debug("mail", "a mail was sent", {{"letter", letter.id}, {"mails", letter.mails}});
  } else if (given_up) {
    failed_.add();
    log::error("mail", "a mail was given up; its alerts show why",
               {{"letter", letter.id}, {"error", outcome.words}, {"attempts", letter.attempts}});
  } else {
    (outcome.kind == Kind::unknown ? unknown_ : postponed_).add();
    log::warning("mail", "a mail could not be sent; it will be tried again",
                 {{"letter", letter.id},
                  {"error", outcome.words},
                  {"attempts", letter.attempts},
                  {"advice", "croft doctor --mail-to ADDRESS tells more"}});
  }
}

Task<std::int64_t> Sender::refuse_all() {
  const auto now = needs_.clock.now();
  auto refuse = [now](db::Connection& connection) {
    const auto due = letters::due_recipients(connection, now, kRefuseAtOnce);
    for (auto recipient : due) {
      const auto bundle = letters::waiting_for(connection, recipient.address);
      const letters::Letter letter{new_id(), recipient.address, "", bundle.mails, 0, now};
      letters::add(connection, letter);
      letters::end(connection, letter.id, false, kNoServer, now);
      recipient.not_before = now;
      letters::save(connection, recipient);
    }
    while (const auto letter = letters::due_letter(connection, now))  // of times with a server
      letters::end(connection, letter->id, false, kNoServer, now);
    return static_cast<std::int64_t>(due.size());
  };
  const auto refused = co_await needs_.database.write(refuse);
  if (refused > 0) {
    failed_.add(static_cast<double>(refused));
    log::warning("mail", "mails were not sent, for no mail server is configured; set smtp.url",
                 {{"recipients", refused}});
  }
  co_return refused;
}

Task<void> Sender::prune() {
  const auto before = needs_.clock.now() - kKeep;
  std::int64_t removed = kPruneAtOnce;
  while (removed == kPruneAtOnce) {
    auto erase = [before](db::Connection& connection) {
      return letters::prune(connection, before, kPruneAtOnce);
    };
    removed = co_await needs_.database.write(erase);
  }
}

Task<void> Sender::drain(std::chrono::milliseconds limit) {
  stopping_ = true;
  const auto end = std::chrono::steady_clock::now() + limit;
  while (sending_ && std::chrono::steady_clock::now() < end)
    co_await sleep_for(std::chrono::milliseconds(10));
  if (needs_.transport != nullptr) needs_.transport->stop();
}

}  // namespace croft::mail

// Sends what the outbox holds: the first mail at once, a storm in few, through outages and
// restarts.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "base/metrics.hpp"
#include "base/task.hpp"
#include "db/database.hpp"
#include "mail/address.hpp"
#include "mail/letter_store.hpp"
#include "mail/transport.hpp"

namespace croft::mail {

struct Config {
  Mailbox from;
  std::string public_url;  // for the reader to find the rest; "" for none
  double per_minute = 30;  // letters to everybody together; as many may go out at once
};

struct Needs {
  Executor loop;
  db::Database& database;  // where outbox.hpp's mails are put; migrated
  Transport* transport;    // nothing: mails fail at once and say so
  const Clock& clock;
  Metrics& metrics;
};

// To one address: the first mail at once, what follows within 30 s together, then one mail every 5
// minutes with counts and the first lines of all that came meanwhile. A letter is written once,
// with a Message-ID made of its id and the installation, and tried until it is taken: after 1
// minute, doubling to 1 hour, for 24 hours. So a crash can repeat a mail but lose none. On the
// loop; SMTP runs on the thread "croft-mail".
class Sender {
 public:
  Sender(Config, Needs);
  ~Sender();

  // Looks once a second, until cancelled.
  Task<void> run();
  // Writes or sends at most one letter; false when nothing was due.
  Task<bool> step();
  // Deletes what was settled more than 30 days ago.
  Task<void> prune();
  // Begins no other letter; gives the one under way `limit` to get through.
  Task<void> drain(std::chrono::milliseconds limit);

 private:
  std::optional<letters::Letter> take(db::Connection&, Instant now);
  std::optional<letters::Letter> compose(db::Connection&, const letters::Sender&, Instant now);
  void settle(db::Connection&, const letters::Letter&, const Outcome&, Instant now);
  Task<std::int64_t> refuse_all();
  void count(const letters::Letter&, const Outcome&, Instant now);

  Config config_;
  Needs needs_;
  asio::thread_pool worker_{1};
  bool sending_ = false;
  bool stopping_ = false;
  Counter sent_;
  Counter failed_;
  Counter postponed_;
  Counter unknown_;
  Gauge waiting_;
  Gauge letters_waiting_;
  Gauge reachable_;
  Histogram took_;
};

}  // namespace croft::mail

// Which parts make which program, and the only place that names drivers.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/asio/io_context.hpp>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "app/config.hpp"
#include "base/clock.hpp"
#include "db/database.hpp"
#include "limits/store.hpp"
#include "mail/address.hpp"
#include "mail/transport.hpp"
#include "mqtt/client.hpp"
#include "redis/client.hpp"
#include "sessions/store.hpp"

namespace croft::app {

// The file of an embedded database, or ":memory:"; nothing when the database is a server.
std::optional<std::filesystem::path> database_file(const Config&,
                                                   const std::filesystem::path& state_dir);
// `may_write` as in db/postgres.hpp; for a database that is a server.
std::unique_ptr<db::Database> open_database(const Config&, const std::filesystem::path& state_dir,
                                            std::function<void(db::Connection&)> may_write = {});
// A server may start later than Croft does: says what it waits for, and waits until the database
// answers, while the loop answers who asks for our health. Throws Stopped after SIGINT or SIGTERM.
void wait_for_database(const Config&, db::Database&, asio::io_context& loop);

// The Redis of sessions.url; nothing when that is memory:. Run it, and make stores of it: without
// one they live in this process.
std::unique_ptr<redis::Client> open_redis(const Config&, const std::string& target, const Executor&,
                                          Metrics&);
std::unique_ptr<sessions::Store> open_sessions(const Config&, redis::Client*, const Clock&);
std::unique_ptr<limits::Store> open_limits(redis::Client*, const Clock&);

// Nothing when no mail server is configured.
std::unique_ptr<mail::Transport> open_mail(const Config&);
// The sender of mails. Throws std::runtime_error when a mail server is configured and no sender.
mail::Mailbox mail_from(const Config&);

// Writes Croft's configuration for a Mosquitto with an account for each service whose password is
// set, and becomes it: does not return. Throws std::runtime_error with one clear line.
[[noreturn]] void become_broker(const Config&);

// A connection of Croft itself to the broker. `durable`: the broker keeps its session and queue
// while Croft restarts, for those to whom a missed message is lost.
struct BrokerAccess {
  std::string host;
  std::uint16_t port = 1883;
  bool tls = false;
  std::string ca_file{};
  std::string username;
  std::string password;
};
// To the broker that mqtt.url names.
BrokerAccess broker_of(const Config&);
mqtt::Options platform_client(const BrokerAccess&, std::string client_id, bool durable);

struct HostPort {
  std::string host;
  std::uint16_t port;
  bool tls = false;
};
// "mqtt://host:1883" or, with TLS, "mqtts://host:8883"; the port may be left out, and the host
// where whoever asks knows it.
HostPort parse_mqtt_url(std::string_view);

}  // namespace croft::app

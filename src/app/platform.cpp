// The life of a Croft process: makes what it stands on, serves, drains.
// SPDX-License-Identifier: Apache-2.0
#include "app/platform.hpp"

#include <boost/asio/signal_set.hpp>
#include <csignal>
#include <cstdlib>

#include "app/backup.hpp"
#include "app/health.hpp"
#include "app/move.hpp"
#include "app/notify_socket.hpp"
#include "app/platform_wiring.hpp"
#include "app/tls_files.hpp"
#include "base/log.hpp"
#include "security/digest.hpp"

namespace croft::app {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

namespace {

constexpr milliseconds kStoreAnswers{2000};

}  // namespace

Platform::Wiring::Wiring(Config config, Targets targets)
    : config_(std::move(config)), targets_(targets) {
  security::prepare_crypto();
  finish_restore(state_dir_.path());
  if (targets_.auth) {
    key_ = security::SigningKey::load_or_make(state_dir_.path() / "token.key");
    verifier_.trust(key_.public_hex());
  }
  redis_ = open_redis(config_, targets_.name(), loop.get_executor(), metrics_);
  sessions_ = open_sessions(config_, redis_.get(), clock_);
  limits_ = open_limits(redis_.get(), clock_);
  ended_sessions_ = feed_.session_ended.subscribe(
      [this](const live::SessionEnded& event) { sessions_->remember_ended(event.session); });
  guard_ = std::make_shared<security::Guard>(verifier_, *sessions_, clock_);
  open_http();
  if (targets_.auth || targets_.data || targets_.command) {
    database_ = open_database(config_, state_dir_.path(), [this](db::Connection& connection) {
      if (replica_) replica_->check(connection);
    });
    wait_for_database(config_, *database_, loop);
    if (!database_file(config_, state_dir_.path())) {
      refuse_half_moved(*database_);
      replica_ = std::make_unique<Replica>(*database_, targets_.name(), state_dir_.path());
      replica_->wait_for_turn(loop);
    }
  }
  reach_broker();
  make_services();
  router_.set_whole(true);
}

// Bound first, so that a taken port is told before anything else is started; and whoever watches
// over us can ask for our health while we still wait for others.
void Platform::Wiring::open_http() {
  router_.set_guard(guard_);
  router_.set_public_url(config_.http.public_url);
  router_.set_whole(false);
  mount_health(
      router_, metrics_,
      {{"sessions", [this] { return sessions_->missing(); }},
       {"broker", [this] { return client_ && client_->connected() ? "" : "not connected"; }},
       {"server", [this] { return !router_.whole() ? "starting"
                                  : stopping_      ? "stopping"
                                                   : ""; }}},
      guard_);
  server_ = std::make_unique<http::Server>(loop.get_executor(), router_, metrics_);
  server_->trust_proxies(config_.http.trusted_proxies);
  http_port_ = server_->listen(config_.http.listen);
  server_->listen_local(socket_in(state_dir_.path()));
}

// A live view alone has no turn to wait for: all of them are at work, each by a name of its own.
std::string Platform::Wiring::client_name() const {
  const auto name = "croft-" + targets_.name();
  return database_ ? name : name + "-" + process_;
}

void Platform::Wiring::reach_broker() {
  if (config_.mqtt.url.empty()) {
    broker_ = start_broker();
  } else {
    broker_ = broker_of(config_);
    if (broker_.username.empty() && !targets_.all()) broker_.username = "croft-" + targets_.name();
  }
  const bool durable = targets_.data || targets_.command;
  client_ = std::make_unique<mqtt::Client>(loop.get_executor(),
                                           platform_client(broker_, client_name(), durable));
  broker::expose_dropped(*client_, metrics_);
}

BrokerAccess Platform::Wiring::start_broker() {
  broker::Config own;
  own.state_dir = state_dir_.path();
  own.listen = config_.mqtt.listen;
  own.program = config_.mqtt.program;
  const auto secret = random_token(32);
  own.accounts = {{"croft", "platform", secret}};
  for (const auto& source : config_.data.sources)
    own.grants.push_back({source.device.str(), source.topic});
  offer_tls(own, config_);
  mosquitto_ = std::make_unique<broker::Mosquitto>(loop.get_executor(), std::move(own), metrics_);
  const auto port = mosquitto_->start();
  return {.host = "127.0.0.1", .port = port, .username = "croft", .password = secret};
}

void Platform::Wiring::start_tasks() {
  const auto executor = loop.get_executor();
  const auto keep = [&](const char* name, std::function<Task<void>()> part) {
    spawn(executor, name, supervise(name, std::move(part)));
  };
  if (replica_) keep("replica", [this] { return replica_->run(); });
  if (mosquitto_) keep("broker", [this] { return mosquitto_->watch(); });
  if (redis_) keep("redis", [this] { return redis_->run(); });
  keep("mqtt", [this] { return client_->run(); });
  if (relays_) keep("relay", [this] { return relays_->run(); });
  if (data_) keep("data", [this] { return data_->run(); });
  keep("live", [this] { return devices_->run(); });
  if (command_) keep("command", [this] { return command_->run(); });
  if (mail_) keep("mail", [this] { return mail_->run(); });
  if (visualisation_) keep("visualisation", [this] { return visualisation_->run(); });
  if (data_ && targets_.auth) {
    auto forget = [this]() -> Task<void> { co_await data_->forget_strangers(); };
    spawn(executor, "data", forget());
  }
  spawn(executor, "app", announce());
  spawn(executor, "app", wait_for_signal());
}

std::string Platform::Wiring::url() const {
  return config_.http.public_url.empty() ? "http://localhost:" + std::to_string(http_port_)
                                         : config_.http.public_url;
}

// Says where to go, once everything answers.
Task<void> Platform::Wiring::announce() {
  while (!client_->connected()) {
    if (stopping_) co_return;
    co_await sleep_for(milliseconds(2));
  }
  // Who asks the moment that we are ready is to be let in; when the store is away that is told.
  for (auto left = kStoreAnswers; !sessions_->missing().empty() && left.count() > 0 && !stopping_;
       left -= milliseconds(2))
    co_await sleep_for(milliseconds(2));
  state_dir_.tell_ports(http_port_, broker_.port,
                        mosquitto_ ? mosquitto_->tls_port() : std::uint16_t(0));
  tell_notify_socket("READY=1");
  const auto took =
      std::chrono::duration_cast<milliseconds>(steady_clock::now() - started_).count();
  log::info("app", "ready",
            {{"target", targets_.name()},
             {"url", url()},
             {"mqtt_port", broker_.port},
             {"database", database_ ? database_->engine() : "none"},
             {"devices", directory_.size()},
             {"after_ms", took}});
}

Task<void> Platform::Wiring::wait_for_signal() {
  asio::signal_set signals(loop, SIGINT, SIGTERM);
  const auto number = co_await signals.async_wait(asio::use_awaitable);
  log::info("app", "stopping", {{"signal", number == SIGINT ? "SIGINT" : "SIGTERM"}});
  // A second signal means: now.
  signals.async_wait([](const boost::system::error_code& error, int) {
    if (!error) std::_Exit(1);
  });
  stopping_ = true;
  tell_notify_socket("STOPPING=1");
  co_await stop();
  loop.stop();
}

// In the order of a message's way, so that nothing under way is cut off.
Task<void> Platform::Wiring::stop() {
  if (visualisation_) visualisation_->close_all();
  co_await server_->drain(milliseconds(3000));
  if (data_) co_await data_->drain();
  if (mail_) co_await mail_->drain(milliseconds(3000));
  if (relays_) co_await relays_->stop();
  co_await client_->flush(milliseconds(2000));
  client_->stop();
  if (replica_) co_await replica_->give_back();
  if (redis_) redis_->stop();
  if (mosquitto_) co_await mosquitto_->stop();
  log::info("app", "stopped");
}

Platform::Platform(Config config, Targets targets)
    : wiring_(std::make_unique<Wiring>(std::move(config), targets)) {}

Platform::~Platform() = default;

int Platform::run() {
  std::signal(SIGPIPE, SIG_IGN);
  wiring_->start_tasks();
  wiring_->loop.run();
  return 0;
}

}  // namespace croft::app

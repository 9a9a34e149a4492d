// Makes every part, joins them, serves, drains.
// SPDX-License-Identifier: Apache-2.0
#include "app/platform.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <stdexcept>

#include "app/health.hpp"
#include "app/state_dir.hpp"
#include "app/wiring.hpp"
#include "auth/auth.hpp"
#include "base/log.hpp"
#include "broker/credentials.hpp"
#include "broker/mosquitto.hpp"
#include "command/command.hpp"
#include "data/data.hpp"
#include "http/server.hpp"
#include "http/static_files.hpp"
#include "mail/sender.hpp"
#include "security/digest.hpp"
#include "security/guard.hpp"
#include "visualisation/visualisation.hpp"
#include "web/assets.hpp"

namespace croft::app {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

auth::Signup signup_of(const std::string& word) {
  if (word == "first") return auth::Signup::first;
  return word == "closed" ? auth::Signup::closed : auth::Signup::open;
}

std::vector<http::Asset> dashboard_files() {
  std::vector<http::Asset> files;
  for (const auto& asset : web::assets()) {
    auto etag = asset.etag;
    if (etag.starts_with('"')) etag = etag.substr(1, etag.size() - 2);
    files.push_back({asset.path, asset.content_type, asset.gzip, etag});
  }
  return files;
}

}  // namespace

struct Platform::Wiring {
  explicit Wiring(Config c);
  ~Wiring() { state_dir.forget_ports(); }

  void start_broker();
  void make_services();
  void open_http();
  void start_tasks();
  Task<void> announce();
  Task<void> stop();
  Task<void> wait_for_signal();
  auth::Door door();

  steady_clock::time_point started = steady_clock::now();
  Config config;
  StateDir state_dir{config.state_dir};
  asio::io_context loop{1};
  SystemClock clock;
  Metrics metrics;
  std::unique_ptr<db::Database> database;
  std::unique_ptr<sessions::Store> sessions;
  security::SigningKey key;
  std::unique_ptr<security::Verifier> verifier;
  std::shared_ptr<security::Guard> guard;
  DeviceDirectory directory;
  UserDirectory users;
  live::Feed feed;
  std::unique_ptr<live::Devices> devices;
  std::vector<http::Asset> files = dashboard_files();
  http::Router router{metrics};
  std::unique_ptr<http::Server> server;
  std::unique_ptr<broker::Mosquitto> mosquitto;  // nothing when the broker is somebody else's
  std::unique_ptr<mqtt::Client> client;
  std::unique_ptr<broker::Credentials> credentials;
  std::unique_ptr<auth::Service> auth;
  std::unique_ptr<data::Service> data;
  std::unique_ptr<mail::Transport> mail_server;  // nothing when none is configured
  std::unique_ptr<mail::Sender> mail;            // sends what command puts into its outbox
  std::unique_ptr<command::Service> command;
  std::unique_ptr<visualisation::Service> visualisation;
  std::uint16_t http_port = 0;
  std::uint16_t mqtt_port = 0;
  bool stopping = false;
};

Platform::Wiring::Wiring(Config c) : config(std::move(c)) {
  security::prepare_crypto();
  database = open_database(config, state_dir.path());
  sessions = open_sessions(config, clock);
  key = security::SigningKey::load_or_make(state_dir.path() / "token.key");
  verifier = std::make_unique<security::Verifier>(key.public_key);
  guard = std::make_shared<security::Guard>(*verifier, *sessions, clock);
  devices = std::make_unique<live::Devices>(directory, feed, clock);
  open_http();
  start_broker();
  make_services();
}

// Bound first, so that a taken port is told before anything else is started.
void Platform::Wiring::open_http() {
  server = std::make_unique<http::Server>(loop.get_executor(), router, metrics);
  server->trust_proxies(config.http.trusted_proxies);
  http_port = server->listen(config.http.listen);
  server->listen_local(socket_in(state_dir.path()));
}

void Platform::Wiring::start_broker() {
  if (!config.mqtt.url.empty()) {
    auto [host, port] = parse_mqtt_url(config.mqtt.url);
    mqtt_port = port;
    client = std::make_unique<mqtt::Client>(
        loop.get_executor(),
        platform_client(std::move(host), port, config.mqtt.username, config.mqtt.password));
  } else {
    broker::Config own;
    own.state_dir = state_dir.path();
    own.listen = config.mqtt.listen;
    own.program = config.mqtt.program;
    const auto secret = random_token(32);
    own.accounts = {{"croft", "platform", secret}};
    for (const auto& source : config.data.sources)
      own.grants.push_back({source.device.str(), source.topic});
    mosquitto = std::make_unique<broker::Mosquitto>(loop.get_executor(), std::move(own), metrics);
    mqtt_port = mosquitto->start();
    client = std::make_unique<mqtt::Client>(
        loop.get_executor(), platform_client("127.0.0.1", mqtt_port, "croft", secret));
  }
  credentials = std::make_unique<broker::Credentials>(*client);
  broker::expose_dropped(*client, metrics);
}

auth::Door Platform::Wiring::door() {
  auth::Door door;
  door.let_in = [this](const DeviceId& device, const std::string& hash) -> Task<void> {
    co_await credentials->set(device, hash);
  };
  door.shut_out = [this](const DeviceId& device) -> Task<void> {
    co_await credentials->remove(device);
    for (const auto* kind : {"status", "state"}) {  // empty and retained: the broker forgets it
      mqtt::Message forget;
      forget.topic = "croft/v1/" + device.str() + "/" + kind;
      forget.retain = true;
      client->post(std::move(forget));
    }
  };
  return door;
}

void Platform::Wiring::make_services() {
  const Executor executor = loop.get_executor();
  auth::Config auth_config;
  auth_config.signup = signup_of(config.auth.signup);
  auth_config.session_lifetime = config.sessions.lifetime;
  auth_config.mqtt_port = mqtt_port;
  if (!config.mqtt.url.empty()) auth_config.mqtt_host = parse_mqtt_url(config.mqtt.url).host;
  auth = std::make_unique<auth::Service>(
      auth_config, auth::Needs{executor, *database, *sessions, key, directory, users, feed,
                               *devices, door(), clock});
  std::vector<broker::Credential> known;
  for (const auto& credential : auth->start())
    known.push_back({credential.device, credential.secret_hash});
  credentials->replace_all(std::move(known));

  data::Config data_config;
  for (const auto& source : config.data.sources)
    data_config.sources.push_back({source.topic, source.device});
  data = std::make_unique<data::Service>(
      data_config,
      data::Needs{executor, *database, *client, directory, feed, *devices, clock, metrics});
  command = std::make_unique<command::Service>(
      command::Config{config.command.validity, config.command.grace},
      command::Needs{executor, *database, *client, directory, feed, *devices, clock, metrics,
                     users});
  mail_server = open_mail(config);
  mail = std::make_unique<mail::Sender>(
      mail::Config{mail_from(config), config.http.public_url,
                   static_cast<double>(config.smtp.per_minute)},
      mail::Needs{executor, *database, mail_server.get(), clock, metrics});
  visualisation = std::make_unique<visualisation::Service>(
      visualisation::Config{}, visualisation::Needs{executor, directory, feed, *devices, clock,
                                                    metrics, http::static_files(files)});
  devices->listen(*client);
  data->start();
  command->start();
  data->forget_strangers();

  router.set_guard(guard);
  router.set_public_url(config.http.public_url);
  auth->mount(router);
  data->mount(router);
  command->mount(router);
  visualisation->mount(router);
  mount_health(router, metrics,
               {{"broker", [this] { return client->connected() ? "" : "not connected"; }},
                {"server", [this] { return stopping ? "stopping" : ""; }}},
               guard);
}

void Platform::Wiring::start_tasks() {
  const auto executor = loop.get_executor();
  const auto keep = [&](const char* name, std::function<Task<void>()> part) {
    spawn(executor, name, supervise(name, std::move(part)));
  };
  if (mosquitto) keep("broker", [this] { return mosquitto->watch(); });
  keep("mqtt", [this] { return client->run(); });
  keep("data", [this] { return data->run(); });
  keep("live", [this] { return devices->run(); });
  keep("command", [this] { return command->run(); });
  keep("mail", [this] { return mail->run(); });
  keep("visualisation", [this] { return visualisation->run(); });
  spawn(executor, "app", announce());
  spawn(executor, "app", wait_for_signal());
}

// Says where to go, once everything answers.
Task<void> Platform::Wiring::announce() {
  while (!client->connected()) {
    if (stopping) co_return;
    co_await sleep_for(milliseconds(2));
  }
  state_dir.tell_ports(http_port, mqtt_port);
  const auto took = std::chrono::duration_cast<milliseconds>(steady_clock::now() - started).count();
  const auto url = config.http.public_url.empty() ? "http://localhost:" + std::to_string(http_port)
                                                  : config.http.public_url;
  log::info("app", "ready",
            {{"url", url},
             {"mqtt_port", mqtt_port},
             {"database", database->engine()},
             {"devices", directory.size()},
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
  stopping = true;
  co_await stop();
  loop.stop();
}

// In the order of a message's way, so that nothing under way is cut off.
Task<void> Platform::Wiring::stop() {
  visualisation->close_all();
  co_await server->drain(milliseconds(3000));
  co_await data->drain();
  co_await mail->drain(milliseconds(3000));
  co_await client->flush(milliseconds(2000));
  client->stop();
  if (mosquitto) co_await mosquitto->stop();
  log::info("app", "stopped");
}

Platform::Platform(Config config) : wiring_(std::make_unique<Wiring>(std::move(config))) {}

Platform::~Platform() = default;

int Platform::run() {
  std::signal(SIGPIPE, SIG_IGN);
  wiring_->start_tasks();
  wiring_->loop.run();
  return 0;
}

}  // namespace croft::app

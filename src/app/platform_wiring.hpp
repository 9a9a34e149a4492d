// Every part of a Croft process; nobody outside app includes it.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/asio/io_context.hpp>
#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "app/platform.hpp"
#include "app/relays.hpp"
#include "app/replica.hpp"
#include "app/state_dir.hpp"
#include "app/wiring.hpp"
#include "auth/auth.hpp"
#include "broker/credentials.hpp"
#include "broker/mosquitto.hpp"
#include "command/command.hpp"
#include "data/data.hpp"
#include "firmware/firmware.hpp"
#include "http/server.hpp"
#include "http/static_files.hpp"
#include "mail/sender.hpp"
#include "security/guard.hpp"
#include "visualisation/visualisation.hpp"

namespace croft::app {

struct Platform::Wiring {
  Wiring(Config, Targets);
  ~Wiring() { state_dir_.forget_ports(); }

  void start_tasks();

 private:
  void open_http();
  void reach_broker();
  BrokerAccess start_broker();
  void make_services();
  void make_auth();
  void make_data();
  void make_command();
  void make_visualisation();
  void make_relays();
  Relays::Needs relay_needs();
  auth::Door door();
  void mount();

  std::string client_name() const;
  std::string url() const;
  Task<void> announce();
  Task<void> stop();
  Task<void> wait_for_signal();

  const std::chrono::steady_clock::time_point started_ = std::chrono::steady_clock::now();
  Config config_;
  Targets targets_;

  StateDir state_dir_{config_.state_dir};

 public:
  asio::io_context loop{1};

 private:
  SystemClock clock_;
  Metrics metrics_;
  const std::string process_ = new_id();
  std::unique_ptr<Replica> replica_;  // nothing when the database is embedded, or there is none
  std::unique_ptr<db::Database> database_;
  std::unique_ptr<redis::Client> redis_;  // nothing when sessions live in this process
  std::unique_ptr<sessions::Store> sessions_;
  std::unique_ptr<limits::Store> limits_;
  security::SigningKey key_;  // of auth alone
  security::Verifier verifier_;
  std::shared_ptr<security::Guard> guard_;
  DeviceDirectory directory_;
  UserDirectory users_;
  live::Feed feed_;
  std::shared_ptr<void> ended_sessions_;  // told to sessions_
  std::unique_ptr<live::Devices> devices_;
  std::vector<http::Asset> files_;
  http::Router router_{metrics_};
  std::unique_ptr<http::Server> server_;
  BrokerAccess broker_;
  std::unique_ptr<broker::Mosquitto> mosquitto_;  // nothing when the broker is somebody else's
  std::unique_ptr<mqtt::Client> client_;
  std::unique_ptr<broker::Credentials> credentials_;
  std::unique_ptr<auth::Service> auth_;
  std::unique_ptr<data::Service> data_;
  std::unique_ptr<mail::Transport> mail_server_;  // nothing when none is configured
  std::unique_ptr<mail::Sender> mail_;            // sends what command puts into its outbox
  std::unique_ptr<command::Service> command_;
  std::unique_ptr<firmware::Service> firmware_;  // beside command_
  std::unique_ptr<visualisation::Service> visualisation_;
  std::unique_ptr<Relays> relays_;  // nothing when every service is here
  std::uint16_t http_port_ = 0;
  bool stopping_ = false;
};

}  // namespace croft::app

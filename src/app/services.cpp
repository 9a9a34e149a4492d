// Makes the services of this process and joins them.
// SPDX-License-Identifier: Apache-2.0
#include "app/platform_wiring.hpp"
#include "tls/folder.hpp"
#include "web/assets.hpp"

namespace croft::app {
namespace {

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

void Platform::Wiring::make_services() {
  devices_ = std::make_unique<live::Devices>(directory_, feed_, clock_);
  if (targets_.auth)
    make_auth();
  else
    learn_directory(targets_, relay_needs());
  if (targets_.data) make_data();
  if (targets_.command) make_command();
  if (targets_.visualisation) make_visualisation();
  if (targets_.auth || targets_.command || targets_.visualisation) devices_->listen(*client_);
  if (data_) data_->start();
  if (command_) command_->start();
  if (firmware_) firmware_->start();
  if (!targets_.all()) make_relays();
  mount();
}

void Platform::Wiring::make_auth() {
  auth::Config config;
  config.signup = signup_of(config_.auth.signup);
  config.session_lifetime = config_.sessions.lifetime;
  config.mqtt_port = broker_.port;
  if (!config_.mqtt.public_url.empty()) {
    const auto [host, port, tls] = parse_mqtt_url(config_.mqtt.public_url);
    config.mqtt_host = host;
    config.mqtt_port = port;
    config.mqtt_tls = tls;
  } else if (!config_.mqtt.url.empty()) {
    config.mqtt_host = broker_.host;
    config.mqtt_tls = broker_.tls;
  }
  auth_ = std::make_unique<auth::Service>(
      config, auth::Needs{loop.get_executor(), *database_, *sessions_, *limits_, key_, directory_,
                          users_, feed_, *devices_, door(), clock_});
  credentials_ = std::make_unique<broker::Credentials>(*client_);
  std::vector<broker::Credential> known;
  for (const auto& credential : auth_->start())
    known.push_back({credential.device, credential.secret_hash});
  credentials_->replace_all(std::move(known));
}

auth::Door Platform::Wiring::door() {
  auth::Door door;
  door.let_in = [this](const DeviceId& device, const std::string& hash) -> Task<void> {
    co_await credentials_->set(device, hash);
  };
  door.shut_out = [this](const DeviceId& device) -> Task<void> {
    co_await credentials_->remove(device);
    for (const auto* kind :
         {"status", "state", "firmware"}) {  // empty and retained: the broker forgets it
      mqtt::Message forget;
      forget.topic = "croft/v1/" + device.str() + "/" + kind;
      forget.retain = true;
      client_->post(std::move(forget));
    }
  };
  return door;
}

void Platform::Wiring::make_data() {
  data::Config config;
  config.keep = {config_.data.retention, config_.data.max_size, config_.data.retention_of};
  for (const auto& source : config_.data.sources)
    config.sources.push_back({source.topic, source.device});
  data_ = std::make_unique<data::Service>(
      config, data::Needs{loop.get_executor(), *database_, *client_, directory_, feed_, *devices_,
                          clock_, metrics_});
}

void Platform::Wiring::make_command() {
  command_ = std::make_unique<command::Service>(
      command::Config{config_.command.validity, config_.command.grace, !config_.smtp.url.empty()},
      command::Needs{loop.get_executor(), *database_, *client_, directory_, feed_, *devices_,
                     clock_, metrics_, users_});
  std::vector<std::string> keys;
  for (const auto& file : config_.firmware.keys) keys.push_back(tls::text_of(file));
  firmware_ = std::make_unique<firmware::Service>(
      firmware::Config{std::move(keys)},
      firmware::Needs{loop.get_executor(), *database_, feed_, clock_});
  mail_server_ = open_mail(config_);
  mail_ = std::make_unique<mail::Sender>(
      mail::Config{mail_from(config_), config_.http.public_url,
                   static_cast<double>(config_.smtp.per_minute)},
      mail::Needs{loop.get_executor(), *database_, mail_server_.get(), clock_, metrics_});
}

void Platform::Wiring::make_visualisation() {
  files_ = dashboard_files();
  visualisation_ = std::make_unique<visualisation::Service>(
      visualisation::Config{},
      visualisation::Needs{loop.get_executor(), directory_, feed_, *devices_, clock_, metrics_,
                           http::static_files(files_)});
}

Relays::Needs Platform::Wiring::relay_needs() {
  return {loop,
          *client_,
          broker_,
          client_name(),
          state_dir_.path(),
          feed_,
          *devices_,
          directory_,
          users_,
          metrics_,
          [this](const std::string& hex) {
            if (!verifier_.trust(hex))
              log::error("app", "the auth service told a key that is none; is it another version?");
          }};
}

void Platform::Wiring::make_relays() {
  relays_ = std::make_unique<Relays>(targets_, relay_needs(), key_.public_hex());
  relays_->on_directory([this] {
    auto forget = [this]() -> Task<void> { co_await data_->forget_strangers(); };
    if (data_) spawn(loop.get_executor(), "data", forget());
  });
}

void Platform::Wiring::mount() {
  if (auth_) auth_->mount(router_);
  if (data_) data_->mount(router_);
  if (command_) command_->mount(router_);
  if (firmware_) firmware_->mount(router_);
  if (visualisation_) visualisation_->mount(router_);
}

}  // namespace croft::app

// Which certificate a server of Croft shows.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "app/config.hpp"
#include "broker/mosquitto_conf.hpp"
#include "tls/folder.hpp"

namespace croft::app {

struct TlsFiles {
  std::filesystem::path certificate;
  std::filesystem::path key;
};

// What `croft tls` makes for the Croft of that state directory.
tls::Folder made_certificates(const std::filesystem::path& state_dir);

// What the configuration names, else what `croft tls init` made for `server` ("gateway", "broker");
// nothing when there is neither. Throws std::runtime_error when only one of two keys is set.
std::optional<TlsFiles> tls_files(const Config&, const std::string& server);

// What is to be said of its time, "" when it has more than 30 days left.
std::string worry_about(const tls::Certificate&, Instant now);

// Has the broker listen with TLS where mqtt.tls_listen says. Throws std::runtime_error when there
// is no certificate, or one that cannot be used.
void offer_tls(broker::Config&, const Config&);

}  // namespace croft::app

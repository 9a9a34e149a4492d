// The configured certificate, else the one of `croft tls init`.
// SPDX-License-Identifier: Apache-2.0
#include "app/tls_files.hpp"

#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <stdexcept>

namespace croft::app {

tls::Folder made_certificates(const std::filesystem::path& state_dir) {
  return tls::Folder(state_dir / "tls");
}

std::optional<TlsFiles> tls_files(const Config& config, const std::string& server) {
  const auto& own = config.tls;
  if (own.certificate.empty() != own.key.empty())
    throw std::runtime_error(
        "tls.certificate and tls.key belong together, and only one of them is set");
  if (!own.certificate.empty()) return TlsFiles{own.certificate, own.key};
  const auto made = made_certificates(config.state_dir);
  if (!made.made()) return std::nullopt;
  return TlsFiles{made.certificate_of(server), made.key_of(server)};
}

void offer_tls(broker::Config& broker, const Config& config) {
  if (config.mqtt.tls_listen.empty()) return;
  const auto files = tls_files(config, "broker");
  if (!files)
    throw std::runtime_error(
        "mqtt.tls_listen is set, but there is no certificate; make one with croft tls init "
        "--state-dir " +
        config.state_dir.string() + ", or name yours in tls.certificate and tls.key");
  for (const auto& file : {files->certificate, files->key})
    if (::access(file.c_str(), R_OK) != 0)
      throw std::runtime_error("cannot read " + file.string() + ": " + std::strerror(errno));
  broker.tls_listen = config.mqtt.tls_listen;
  broker.certificate = files->certificate;
  broker.key = files->key;
}

}  // namespace croft::app

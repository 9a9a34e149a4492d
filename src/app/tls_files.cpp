// The configured certificate, else the one of `croft tls init`.
// SPDX-License-Identifier: Apache-2.0
#include "app/tls_files.hpp"

#include <chrono>
#include <stdexcept>

#include "base/log.hpp"

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

std::string worry_about(const tls::Certificate& one, Instant now) {
  constexpr auto kSoon = std::chrono::days(30);
  const auto until = format_instant(one.ends).substr(0, 10);
  if (now < one.begins)
    return "the certificate is not valid before " + format_instant(one.begins) +
           "; is this machine's clock right?";
  if (one.ends < now) return "the certificate has ended (" + until + "), and clients refuse it";
  if (one.ends < now + kSoon)
    return "the certificate ends in " +
           std::to_string(std::chrono::floor<std::chrono::days>(one.ends - now).count()) +
           " days (" + until + "); renew it (croft tls rotate, if Croft made it)";
  return "";
}

void offer_tls(broker::Config& broker, const Config& config) {
  if (config.mqtt.tls_listen.empty()) return;
  const auto files = tls_files(config, "broker");
  if (!files)
    throw std::runtime_error(
        "mqtt.tls_listen is set, but there is no certificate; make one with croft tls init "
        "--state-dir " +
        config.state_dir.string() + ", or name yours in tls.certificate and tls.key");
  // Mosquitto would say less, and only once it runs.
  const auto certificate = tls::check_files(files->certificate, files->key);
  if (const auto worry = worry_about(certificate, SystemClock().now()); !worry.empty())
    log::warning("tls", worry, {{"file", files->certificate.string()}});
  broker.tls_listen = config.mqtt.tls_listen;
  broker.certificate = files->certificate;
  broker.key = files->key;
}

}  // namespace croft::app

// Prints certificates, and how to trust them on whatever people and nodes use.
// SPDX-License-Identifier: Apache-2.0
#include "app/tls_command.hpp"

#include <chrono>
#include <iostream>

#include "app/tls_files.hpp"
#include "base/clock.hpp"
#include "tls/folder.hpp"
#include "tls/provider.hpp"

namespace croft::app {
namespace {

std::string joined(const std::vector<std::string>& names) {
  std::string all;
  for (const auto& name : names) all += (all.empty() ? "" : ", ") + name.substr(name.find(':') + 1);
  return all;
}

long days_left(const tls::Certificate& one) {
  return std::chrono::floor<std::chrono::days>(one.ends - SystemClock().now()).count();
}

void print(const std::string& what, const std::filesystem::path& file,
           const tls::Certificate& one) {
  const auto left = days_left(one);
  std::cout << what << ": " << file.string() << '\n';
  if (!one.names.empty()) std::cout << "  for           " << joined(one.names) << '\n';
  std::cout << "  until         " << format_instant(one.ends).substr(0, 10) << ", "
            << (left < 0 ? "OVER" : std::to_string(left) + " days left") << '\n'
            << "  SHA-256       " << one.fingerprint << '\n';
}

void print_all(const tls::Folder& folder) {
  const auto authorities = tls::provider().read(tls::text_of(folder.authority()));
  print("authority «" + authorities[0].subject + "»", folder.authority(), authorities[0]);
  if (authorities.size() > 1)
    print("and, until croft tls rotate --finish, the one before it", folder.authority(),
          authorities[1]);
  for (const auto* server : {"gateway", "broker"})
    print(server, folder.certificate_of(server),
          tls::check_files(folder.certificate_of(server), folder.key_of(server)));
}

// "-----BEGIN..." as a literal of C++.
std::string as_literal(const std::string& pem) {
  return "static const char kAuthority[] PROGMEM = R\"PEM(\n" + pem + ")PEM\";\n";
}

void print_trust(const std::string& ca) {
  std::cout << "\nTo trust it (the file is no secret; the .key files are):\n"
               "  Debian        sudo cp "
            << ca
            << " /usr/local/share/ca-certificates/croft.crt && sudo update-ca-certificates\n"
               "  macOS         sudo security add-trusted-cert -d -r trustRoot -k "
               "/Library/Keychains/System.keychain "
            << ca
            << "\n"
               "  Windows       certutil -addstore -f ROOT ca.pem      (as administrator)\n"
               "  Android       Settings > Security > Encryption & credentials > Install a "
               "certificate > CA certificate\n"
               "  iOS           open the file, then Settings > General > VPN & Device Management, "
               "and then\n"
               "                Settings > General > About > Certificate Trust Settings\n"
               "  Firefox       Settings > Privacy & Security > Certificates > View Certificates > "
               "Authorities > Import\n"
               "  Chrome/Linux  certutil -d sql:$HOME/.pki/nssdb -A -t C,, -n Croft -i "
            << ca
            << "\n"
               "  curl          curl --cacert "
            << ca
            << " https://NAME/\n"
               "  mosquitto_pub mosquitto_pub --cafile "
            << ca
            << " -h NAME -p 8883 -u ID -P SECRET ...\n"
               "  croft         CROFT_MQTT_URL=mqtts://NAME:8883 CROFT_MQTT_CA_FILE="
            << ca << "\n";
}

void print_firmware(const std::string& pem, const tls::Certificate& broker) {
  std::cout
      << "\nIn firmware for the ESP8266 (BearSSL), the authority, good until it ends:\n\n"
      << as_literal(pem)
      << "BearSSL::X509List authority(kAuthority);\n"
         "client.setTrustAnchors(&authority);  // and set the clock by NTP before connecting\n"
         "client.setBufferSizes(1024, 1024);   // the handshake needs 6 kB of memory\n\n"
         "BearSSL knows names and no addresses: connect to a name of the list above, such "
         "as the one with .local.\n"
         "Or, without a clock, only the broker's present certificate, good until the next "
         "rotation:\n\n"
         "client.setFingerprint(\""
      << broker.sha1 << "\");\n";
}

}  // namespace

void tls_init(const std::filesystem::path& state_dir, const std::vector<std::string>& names) {
  const auto folder = made_certificates(state_dir);
  folder.init(names, SystemClock().now());
  print_all(folder);
  std::cout << "\nNext:\n"
               "  the broker    set mqtt.tls_listen = \"0.0.0.0:8883\"; it uses this certificate\n"
               "  the gateway   CROFT_TLS_CERTIFICATE="
            << std::filesystem::absolute(folder.certificate_of("gateway")).string()
            << "\n                CROFT_TLS_KEY="
            << std::filesystem::absolute(folder.key_of("gateway")).string()
            << "\n  browsers and nodes trust " << folder.authority().string()
            << ": croft tls show tells how\n"
               "  ca.key signs; keep a copy elsewhere, and none here if you like\n";
}

void tls_rotate(const std::filesystem::path& state_dir, const std::vector<std::string>& names,
                Rotation what) {
  const auto folder = made_certificates(state_dir);
  const auto now = SystemClock().now();
  if (what == Rotation::servers) folder.rotate(names, now);
  if (what == Rotation::authority) folder.rotate_authority(names, now);
  if (what == Rotation::finish) folder.finish(now);
  print_all(folder);
  std::cout << "\nBroker and gateway take the new certificates up within seconds; nobody is cut "
               "off.\n";
  if (what == Rotation::authority)
    std::cout << "Give the new " << folder.authority().string()
              << " to everybody who trusts the old one; both are believed until\n"
                 "croft tls rotate --finish.\n";
}

void tls_show(const std::filesystem::path& state_dir) {
  const auto folder = made_certificates(state_dir);
  if (!folder.made())
    throw std::runtime_error("there is no authority in " + (state_dir / "tls").string() +
                             " yet; make one with: croft tls init");
  print_all(folder);
  print_trust(std::filesystem::absolute(folder.authority()).string());
  const auto broker = tls::check_files(folder.certificate_of("broker"), folder.key_of("broker"));
  print_firmware(tls::text_of(folder.authority()), broker);
}

}  // namespace croft::app

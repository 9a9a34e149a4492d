// Writes mosquitto.conf, with a reason for each line.
// SPDX-License-Identifier: Apache-2.0
#include "broker/configuration.hpp"

#include <pwd.h>
#include <sodium.h>
#include <unistd.h>

#include <array>
#include <fstream>
#include <sstream>
#include <stdexcept>

namespace croft::broker {
namespace {

std::string sha256_hex(const std::string& text) {
  std::array<unsigned char, crypto_hash_sha256_BYTES> hash{};
  crypto_hash_sha256(hash.data(), reinterpret_cast<const unsigned char*>(text.data()), text.size());
  std::array<char, crypto_hash_sha256_BYTES * 2 + 1> hex{};
  sodium_bin2hex(hex.data(), hex.size(), hash.data(), hash.size());
  return hex.data();
}

std::string our_name() {
  const auto* user = ::getpwuid(::geteuid());
  return user != nullptr ? user->pw_name : "root";
}

}  // namespace

std::string configuration(const Config& config, const std::string& host, std::uint16_t port,
                          const std::filesystem::path& folder) {
  std::ostringstream out;
  out << "# Written by Croft at each start; changes are lost.\n"
         "# Nodes connect here.\n"
      << "listener " << port << " " << host << "\n"
      << "# Nobody without a credential; the guard knows them and confines each device to its "
         "topics.\n"
         "allow_anonymous false\n"
      << "plugin " << config.guard.string() << "\n"
      << "plugin_opt_service_user " << config.service_user << "\n"
      << "plugin_opt_service_hash " << sha256_hex(config.service_secret) << "\n"
      << "plugin_opt_state_file " << (folder / "devices").string() << "\n"
      << "# The files belong to whoever runs Croft.\n"
      << "user " << our_name() << "\n"
      << "pid_file " << (folder / "mosquitto.pid").string() << "\n"
      << "# Sessions and retained messages survive a restart; a crash forgets at most a minute of\n"
         "# them, and readings with boot and seq not even that: their node keeps them.\n"
         "persistence true\n"
      << "persistence_location " << folder.string() << "/\n"
      << "autosave_interval 60\n"
         "# The default drops silently beyond 1,000 messages; here bytes are the limit, and Croft\n"
         "# watches the counter of what was dropped.\n"
         "max_queued_messages 0\n"
         "max_queued_bytes 67108864\n"
         "# A node may have this many messages under way; Croft's own session sets its window "
         "itself.\n"
         "max_inflight_messages 100\n"
         "# A packet above 2 MiB ends the connection before it can eat a small board's memory; "
         "what\n"
         "# is above 64 KiB the guard denies and reports.\n"
         "max_packet_size 2097152\n"
         "# A node that is silent for 1.5 of its keep-alives is gone, and none may ask for hours.\n"
         "max_keepalive 1200\n"
         "# Sessions of nodes that never come back are forgotten.\n"
         "persistent_client_expiration 14d\n"
         "# Small messages leave at once.\n"
         "set_tcp_nodelay true\n"
         "sys_interval 10\n"
         "# Croft passes these lines on.\n"
         "log_dest stderr\n"
         "log_type error\n"
         "log_type warning\n"
         "log_type notice\n"
         "log_timestamp false\n"
         "connection_messages false\n";
  return out.str();
}

void write_configuration(const Config& config, const std::string& host, std::uint16_t port,
                         const std::filesystem::path& folder) {
  const auto file = folder / "mosquitto.conf";
  std::ofstream out(file, std::ios::trunc);
  std::error_code ignored;
  std::filesystem::permissions(
      file, std::filesystem::perms::owner_read | std::filesystem::perms::owner_write, ignored);
  out << configuration(config, host, port, folder);
  if (!out.flush()) throw std::runtime_error("cannot write " + file.string());
}

}  // namespace croft::broker
